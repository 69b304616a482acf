import cv2
import numpy as np
import pytest

from keras_hourglass import Skeleton
from keras_hourglass.geometry import Window
from keras_hourglass.skeletons import COCO, SKELETONS
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.heatmaps import draw_heatmap
from keras_hourglass.visualization.images import encode_image, save_image
from keras_hourglass.visualization.skeletons import (
    JOINT_COLORS,
    MIDDLE_COLOR,
    OUTLINE_COLOR,
    SIDE_COLORS,
    draw_line,
    draw_skeleton,
    joint_colors,
    person_color,
)

GRAY = np.full((24, 16, 3), 100, "uint8")  # of heatmaps of 6 x 4
ARM = Skeleton(
    ("left_elbow", "left_wrist", "right_elbow", "right_wrist", "nose"),
    [("left_elbow", "left_wrist"), ("right_elbow", "right_wrist")],
)
ACROSS = np.array([[30, 40], [170, 40], [30, 80], [170, 80], [100, 110]], float)
BLANK = np.full((120, 240, 3), 100, "uint8")  # a line of ACROSS is 2 pixels wide


def test_limbs_and_joints_have_the_color_of_their_side():
    shown = draw_skeleton(BLANK, ACROSS, ARM)
    for (x, y), rgb in {
        **{(30, 40): SIDE_COLORS["left_"], (100, 40): SIDE_COLORS["left_"]},
        **{(170, 80): SIDE_COLORS["right_"], (100, 80): SIDE_COLORS["right_"]},
        (100, 110): MIDDLE_COLOR,
    }.items():
        np.testing.assert_array_equal(shown[y, x], rgb)
    assert np.all(BLANK == 100)


def test_sides_are_those_of_any_spelling_and_of_flip_pairs():
    left, right = SIDE_COLORS["left_"], SIDE_COLORS["right_"]
    names = ("Eye L", "R_eye", "wing 1", "wing 2", "beak", "left leg")
    bird = Skeleton(names, flip_pairs=[("wing 1", "wing 2")])
    assert joint_colors(bird) == [left, right, left, right, MIDDLE_COLOR, left]


def test_without_sides_joints_have_colors_in_turn_and_without_limbs_they_are_points():
    """A line is one pixel wide, with an outline of 0.3: radius 1.1 + 0.3, 1.8 + 0.3."""
    names = ("snout", "back", "tail", "tip")
    points = np.array([[20.0, 20], [40, 20], [60, 20], [80, 20]])
    image, sizes = np.full((90, 90, 3), 100, "uint8"), []
    for limbs in ((), [("snout", "back")]):
        shown = draw_skeleton(image, points, Skeleton(names, limbs))
        assert [tuple(shown[20, x].tolist()) for x in (20, 40, 60, 80)] == [
            *JOINT_COLORS[:4]
        ]
        assert (shown[20, 30] != 100).any() == bool(limbs)
        sizes.append((shown[:, 60] != 100).any(-1).sum())
    assert sizes == [5, 3]


def test_a_limb_has_a_dark_outline():
    """Radius 1, and 1.6 with the outline: a pixel off by 1 is half of each."""
    rim = 100 + 0.7 * (np.array(OUTLINE_COLOR) - 100)
    half = (rim + SIDE_COLORS["left_"]) / 2
    beyond = 100 + 0.1 * 0.7 * (np.array(OUTLINE_COLOR) - 100)
    shown = draw_skeleton(BLANK, ACROSS, ARM)
    np.testing.assert_allclose(
        shown[39:43, 100], np.stack([half, SIDE_COLORS["left_"], half, beyond]), atol=1
    )


def test_joints_of_low_scores_and_their_limbs_are_left_out():
    scores = np.array([0.39, 0.9, 0.4, 0.9, 0.0])
    shown = draw_skeleton(BLANK, ACROSS, ARM, scores)
    np.testing.assert_array_equal(shown[40, :160], BLANK[40, :160])
    np.testing.assert_array_equal(shown[40, 170], SIDE_COLORS["left_"])
    np.testing.assert_array_equal(shown[80, 100], SIDE_COLORS["right_"])
    np.testing.assert_array_equal(shown[105:115], BLANK[105:115])
    all_labeled = draw_skeleton(BLANK, ACROSS, ARM, scores, min_score=0)
    np.testing.assert_array_equal(all_labeled[40, 100], SIDE_COLORS["left_"])
    np.testing.assert_array_equal(all_labeled[105:115], BLANK[105:115])
    none = draw_skeleton(BLANK, ACROSS, ARM, scores, min_score=0.91)
    np.testing.assert_array_equal(none, BLANK)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_a_joint_that_is_not_finite_is_left_out_with_its_limbs(wrong):
    joints = ACROSS.copy()
    joints[0, 1] = wrong
    shown = draw_skeleton(BLANK, joints, ARM)
    np.testing.assert_array_equal(shown[40, :160], BLANK[40, :160])
    np.testing.assert_array_equal(shown[40, 170], SIDE_COLORS["left_"])
    np.testing.assert_array_equal(
        draw_skeleton(BLANK, np.full((5, 2), wrong), ARM), BLANK
    )
    np.testing.assert_array_equal(
        draw_skeleton(BLANK, ACROSS, ARM, [np.nan] * 5), BLANK
    )


@pytest.mark.parametrize(
    "side, person, width",
    [(270, 260, 3), (900, 860, 10), (900, 140, 2), (60, 50, 1)],
)
def test_lines_are_as_wide_as_suits_the_image_and_the_person(side, person, width):
    """The color of a column across one limb, with a little of its dark outline."""
    image = np.zeros((side, side, 3), "uint8")
    low, high = (side - person) / 2, (side + person) / 2
    joints = [[low, low], [high, low], [low, high], [high, high], [np.nan] * 2]
    shown = draw_skeleton(image, joints, ARM)[..., 1]
    across = shown[: side // 2, side // 2].astype(float).sum()
    assert across / SIDE_COLORS["left_"][1] == pytest.approx(width, rel=0.2)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 4), (1, 1, 3), (1, 1)])
def test_gray_and_tiny_images_become_rgb(shape):
    image = np.full(shape, 77, "uint8")
    shown = draw_skeleton(image, np.zeros((5, 2)), ARM)
    assert shown.shape == (*shape[:2], 3) and shown[0, 0].tolist() == [*MIDDLE_COLOR]
    assert draw_heatmap(image, np.zeros((2, 2)))[0, 0].tolist() == [77] * 3


@pytest.mark.parametrize("image", [np.zeros((9, 9, 3)), np.zeros((9, 9, 2), "uint8")])
def test_arrays_that_are_no_images_are_refused(image):
    with pytest.raises(ValueError, match="`image` must be uint8"):
        draw_skeleton(image, ACROSS, ARM)


def test_joints_must_be_those_of_the_skeleton():
    with pytest.raises(
        ValueError, match=r"must be \(5, 2\).*Received: joints=\(4, 2\)"
    ):
        draw_skeleton(BLANK, ACROSS[:4], ARM)


DICHROMATS = {  # Machado et al. 2009, of linear RGB, https://doi.org/10.1109/TVCG.2009.113
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    "gray print": [[0.2126, 0.7152, 0.0722]] * 3,
}


XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


@pytest.mark.parametrize("eyes", DICHROMATS)
def test_left_right_and_middle_differ_under_every_color_vision(eyes):
    """In L*a*b*, a distance of 2 is just noticeable, and one of 15 obvious."""
    rgb = np.array([*SIDE_COLORS.values(), MIDDLE_COLOR]) / 255
    linear = np.where(rgb < 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    perceived = np.clip(linear @ np.array(DICHROMATS[eyes]).T, 0, 1)
    xyz = perceived @ np.array(XYZ).T / (0.9505, 1, 1.089)
    x, y, z = np.cbrt(xyz).T  # none of them is nearly black
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        assert np.linalg.norm(lab[a] - lab[b]) > 15


@pytest.mark.parametrize("name", SKELETONS)
def test_every_skeleton_is_drawn(name):
    joints = np.random.default_rng(0).uniform(20, 100, (len(SKELETONS[name].joints), 2))
    shown = draw_skeleton(BLANK, joints, SKELETONS[name])
    for rgb in SIDE_COLORS.values():
        assert (shown == rgb).all(-1).any()


def test_a_heatmap_colors_where_it_is_high_and_leaves_the_rest():
    values = np.zeros((6, 4))
    values[4, 1] = 1
    shown = draw_heatmap(GRAY, values)
    changed = np.argwhere((shown != GRAY).any(-1))
    center = [4 * 4 + 1.5, 4 * 1 + 1.5]  # of the pixels under that one
    np.testing.assert_allclose(changed.mean(0), center, atol=0.01)
    np.testing.assert_array_equal(shown[:12], GRAY[:12])
    red, green, blue = shown[17, 5].astype(int)
    assert red > green > blue


def test_a_heatmap_lies_on_its_window():
    values = np.zeros((6, 4))
    values[4, 1] = 1
    window = Window.from_rectangle(np.array([100.0, 20.0, 40.0, 60.0]))
    shown = draw_heatmap(BLANK, values, window)
    changed = np.argwhere((shown != BLANK).any(-1))
    np.testing.assert_allclose(changed.mean(0), [20 + 44.5, 100 + 14.5], atol=0.2)
    mirrored = draw_heatmap(BLANK, values, window.mirrored())
    changed = np.argwhere((mirrored != BLANK).any(-1))
    np.testing.assert_allclose(changed.mean(0), [20 + 44.5, 139 - 14.5], atol=0.2)


def test_values_beyond_their_range_are_clipped():
    values = np.array([[-3.0, 7.0, np.nan]])
    np.testing.assert_array_equal(
        draw_heatmap(GRAY, values), draw_heatmap(GRAY, [[0.0, 1.0, 0.0]])
    )


def test_a_large_image_is_colored_in_parts_without_seams():
    values = np.linspace(0, 1, 60).reshape(10, 6)
    tall = draw_heatmap(np.full((600, 30, 3), 100, "uint8"), values)
    assert (np.abs(np.diff(tall.astype(int), axis=0)) < 12).all()


def test_a_grid_is_filled_row_by_row_and_black_at_its_end():
    grid = image_grid([np.full((2, 3, 3), n, "uint8") for n in (1, 2, 3)], 2)
    assert grid.shape == (4, 6, 3)
    np.testing.assert_array_equal(grid[::2, ::3, 0], [[1, 2], [3, 0]])


def test_images_of_any_size_fit_their_cells():
    wide, gray = np.full((10, 40, 3), 200, "uint8"), np.full((600, 300), 50, "uint8")
    grid = image_grid([wide, gray], 5, size=(20, 20))
    assert grid.shape == (20, 40, 3)
    for part, box in ((grid[:, :20], (0, 7, 20, 5)), (grid[:, 20:], (5, 0, 10, 20))):
        x, y, width, height = box
        inside = np.zeros((20, 20), bool)
        inside[y : y + height, x : x + width] = True
        np.testing.assert_array_equal(part.any(-1), inside)
    assert grid[10, 10, 0] == 200 and grid[10, 30, 0] == 50


def test_a_grid_needs_images_of_one_size():
    with pytest.raises(ValueError, match="`images` must be one or more"):
        image_grid([], 2)
    with pytest.raises(ValueError, match="2 of 2 sizes"):
        image_grid([GRAY, BLANK], 2)
    with pytest.raises(ValueError, match="`columns` must be at least 1"):
        image_grid([GRAY], 0)


def test_a_skeleton_may_be_given_by_its_name():
    joints = np.random.default_rng(0).uniform(20, 100, (17, 2))
    named = draw_skeleton(BLANK, joints, "coco", scores=np.ones(17))
    np.testing.assert_array_equal(named, draw_skeleton(BLANK, joints, COCO))
    with pytest.raises(ValueError, match="Did you mean 'coco'"):
        draw_skeleton(BLANK, joints, "cocoo")


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".bmp"])
def test_an_encoded_image_is_decoded_as_it_was(ending):
    image = np.full((12, 10, 3), (200, 100, 40), "uint8")
    data = np.frombuffer(encode_image(image, ending), "uint8")
    found = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB).astype(int)
    assert found.shape == image.shape and np.abs(found - image).max() <= 4


def test_lower_quality_makes_smaller_files():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype="uint8")
    for ending in (".jpg", ".JPEG", ".webp"):
        low, high = (encode_image(noise, ending, quality) for quality in (20, 90))
        assert len(low) < len(high)


def test_a_format_that_cannot_be_written_is_named():
    with pytest.raises(ValueError, match="a .txt file takes no image of 240 x 120"):
        encode_image(BLANK, ".txt")
    with pytest.raises(ValueError, match="`quality` must be .*quality=50"):
        encode_image(BLANK, ".png", 50)


def test_a_saved_image_replaces_the_old_one(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(b"old")
    save_image(path, BLANK)
    np.testing.assert_array_equal(cv2.imread(str(path)), BLANK)
    assert [*tmp_path.iterdir()] == [path]


# Lines: each pixel's coverage, worked out by hand.

COLOR = (200, 100, 40)


def coverage(start, end, radius, size=(24, 20), **kwargs):
    """Each pixel's coverage by a line on a black image."""
    image = np.zeros((size[1], size[0], 3), "uint8")
    draw_line(image, start, end, radius, COLOR, **kwargs)
    share = image / COLOR
    np.testing.assert_allclose(share, share[..., :1].repeat(3, -1), atol=0.02)
    return share[..., 0]


def test_a_line_is_half_opaque_where_its_edge_crosses_a_pixel():
    share = coverage((5, 10), (15, 10), radius=2)
    np.testing.assert_allclose(share[6:15, 9], [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(share[10, [2, 3, 4, 16, 17, 18]], [0, 0.5, 1, 1, 0.5, 0])


def test_a_line_between_two_rows_is_drawn_on_both_alike():
    share = coverage((5, 10.5), (15, 10.5), radius=1)
    np.testing.assert_allclose(share[8:14, 9], [0, 0, 1, 1, 0, 0])
    share = coverage((5, 10.25), (15, 10.25), radius=1)
    np.testing.assert_allclose(share[8:14, 9], [0, 0.25, 1, 0.75, 0, 0], atol=0.004)


def test_a_slanting_line_is_as_wide_as_a_straight_one():
    """Along (3, 4)/5, a pixel (x, y) is |4x - 3y|/5 from it: (12, 9) is 4.2."""
    share = coverage((0, 0), (30, 40), radius=4, size=(50, 60))
    for (x, y), covered in {
        (12, 9): 0.3,
        (12, 16): 1,
        (13, 9): 0,
        (16, 15): 0.7,
    }.items():
        assert share[y, x] == pytest.approx(covered, abs=0.004)


def test_a_disc_has_its_area():
    share = coverage((11.3, 9.6), (11.3, 9.6), radius=6)
    assert share.sum() == pytest.approx(np.pi * 36, rel=0.01)


def test_a_translucent_line_blends_with_the_background():
    image = np.full((5, 5, 3), 100, "uint8")
    draw_line(image, (2, 2), (2, 2), 1, (200, 100, 0), opacity=0.25)
    np.testing.assert_array_equal(image[2, 2], [125, 100, 75])
    np.testing.assert_array_equal(image[0, 0], [100] * 3)


def test_of_a_line_that_leaves_the_image_the_part_inside_is_drawn():
    whole = np.zeros((80, 120, 3), "uint8")
    ends = np.array([[10.3, 70.2], [110.4, 5.7]])
    draw_line(whole, *ends, 3, COLOR)
    part = np.zeros((20, 30, 3), "uint8")
    draw_line(part, *(ends - (40, 30)), 3, COLOR)
    np.testing.assert_array_equal(part, whole[30:50, 40:70])
    assert part.any()


@pytest.mark.parametrize("far", [1e4, 1e6, 1e9])
def test_a_joint_far_outside_only_gives_a_direction(far):
    share = coverage((10, 10), (far, 10), radius=2)
    np.testing.assert_allclose(share[7:14, 20], [0, 0.5, 1, 1, 1, 0.5, 0])
    assert not coverage((far, far), (far, 0), radius=2).any()
    assert not coverage((-far, far), (far, far), radius=2).any()


def test_a_tracked_person_has_one_color():
    assert person_color(None) is None and person_color(1) == person_color(8)
    joints = np.random.default_rng(0).uniform(20, 80, (17, 2))
    image = np.zeros((100, 100, 3), "uint8")
    drawn = draw_skeleton(image, joints, "coco", color=(255, 0, 0))
    assert drawn[..., 0].max() == 255 and drawn[..., 1:].max() <= 20  # the outline
