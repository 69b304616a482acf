import numpy as np
import pytest

from keras_hourglass import Skeleton
from keras_hourglass.geometry import Window
from keras_hourglass.skeletons import SKELETONS
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.heatmaps import draw_heatmap
from keras_hourglass.visualization.skeletons import (
    MIDDLE_COLOR,
    OUTLINE_COLOR,
    SIDE_COLORS,
    draw_skeleton,
)

GREY = np.full((24, 16, 3), 100, "uint8")  # of heatmaps of 6 x 4
ARM = Skeleton(
    ("left_elbow", "left_wrist", "right_elbow", "right_wrist", "nose"),
    [("left_elbow", "left_wrist"), ("right_elbow", "right_wrist")],
)
ACROSS = np.array([[30, 40], [170, 40], [30, 80], [170, 80], [100, 110]], float)
BLANK = np.full((120, 240, 3), 100, "uint8")  # a line of ACROSS is 2 pixels wide


def test_limbs_and_joints_have_the_colour_of_their_side():
    shown = draw_skeleton(BLANK, ACROSS, ARM)
    for (x, y), rgb in {
        **{(30, 40): SIDE_COLORS["left_"], (100, 40): SIDE_COLORS["left_"]},
        **{(170, 80): SIDE_COLORS["right_"], (100, 80): SIDE_COLORS["right_"]},
        (100, 110): MIDDLE_COLOR,
    }.items():
        np.testing.assert_array_equal(shown[y, x], rgb)
    assert np.all(BLANK == 100)


def test_a_limb_has_a_dark_rim():
    """Radius 1 of paint, 1.6 with the rim: a pixel off by 1 is half paint, half rim."""
    rim = 100 + 0.7 * (np.array(OUTLINE_COLOR) - 100)
    half = (rim + SIDE_COLORS["left_"]) / 2
    beyond = 100 + 0.1 * 0.7 * (np.array(OUTLINE_COLOR) - 100)
    shown = draw_skeleton(BLANK, ACROSS, ARM)
    np.testing.assert_allclose(
        shown[39:43, 100], np.stack([half, SIDE_COLORS["left_"], half, beyond]), atol=1
    )


def test_low_scores_fade_a_joint_and_its_limbs():
    confidence = np.array([0.25, 0.9, 0.5, 0.9, 0.0])
    shown = draw_skeleton(BLANK, ACROSS, ARM, confidence)
    rim = 100 + 0.5 * 0.7 * (np.array(OUTLINE_COLOR) - 100)
    faded = rim + 0.5 * (SIDE_COLORS["left_"] - rim)
    np.testing.assert_allclose(shown[40, 100], faded, atol=1)
    np.testing.assert_array_equal(shown[80, 100], SIDE_COLORS["right_"])
    np.testing.assert_array_equal(shown[105:115], BLANK[105:115])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_a_joint_that_is_nowhere_is_left_out_with_its_limbs(wrong):
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
    "picture, person, wide",
    [(270, 260, 3), (900, 860, 10), (900, 140, 2), (60, 50, 1)],
)
def test_lines_are_as_wide_as_suits_the_picture_and_the_person(picture, person, wide):
    """The paint of a column across one limb, with a little of its dark rim."""
    image = np.zeros((picture, picture, 3), "uint8")
    low, high = (picture - person) / 2, (picture + person) / 2
    joints = [[low, low], [high, low], [low, high], [high, high], [np.nan] * 2]
    shown = draw_skeleton(image, joints, ARM)[..., 1]
    across = shown[: picture // 2, picture // 2].astype(float).sum()
    assert across / SIDE_COLORS["left_"][1] == pytest.approx(wide, rel=0.2)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 4), (1, 1, 3), (1, 1)])
def test_gray_and_tiny_pictures_become_coloured(shape):
    image = np.full(shape, 77, "uint8")
    shown = draw_skeleton(image, np.zeros((5, 2)), ARM)
    assert shown.shape == (*shape[:2], 3) and shown[0, 0].tolist() == [*MIDDLE_COLOR]
    assert draw_heatmap(image, np.zeros((2, 2)))[0, 0].tolist() == [77] * 3


@pytest.mark.parametrize("image", [np.zeros((9, 9, 3)), np.zeros((9, 9, 2), "uint8")])
def test_what_is_no_picture_is_refused(image):
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
def test_everybody_tells_left_from_right_and_both_from_the_middle(eyes):
    """In L*a*b*, 2 is just to be seen; two lines are told apart at a glance from 15."""
    rgb = np.array([*SIDE_COLORS.values(), MIDDLE_COLOR]) / 255
    linear = np.where(rgb < 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DICHROMATS[eyes]).T, 0, 1)
    xyz = seen @ np.array(XYZ).T / (0.9505, 1, 1.089)
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


def test_a_heatmap_colours_where_it_is_high_and_leaves_the_rest():
    heights = np.zeros((6, 4))
    heights[4, 1] = 1
    shown = draw_heatmap(GREY, heights)
    changed = np.argwhere((shown != GREY).any(-1))
    centre = [4 * 4 + 1.5, 4 * 1 + 1.5]  # of the pixels under that one
    np.testing.assert_allclose(changed.mean(0), centre, atol=0.01)
    np.testing.assert_array_equal(shown[:12], GREY[:12])
    red, green, blue = shown[17, 5].astype(int)
    assert red > green > blue


def test_a_heatmap_lies_on_its_window():
    heights = np.zeros((6, 4))
    heights[4, 1] = 1
    window = Window.from_rectangle(np.array([100.0, 20.0, 40.0, 60.0]))
    shown = draw_heatmap(BLANK, heights, window)
    changed = np.argwhere((shown != BLANK).any(-1))
    np.testing.assert_allclose(changed.mean(0), [20 + 44.5, 100 + 14.5], atol=0.2)
    mirrored = draw_heatmap(BLANK, heights, window.mirrored())
    changed = np.argwhere((mirrored != BLANK).any(-1))
    np.testing.assert_allclose(changed.mean(0), [20 + 44.5, 139 - 14.5], atol=0.2)


def test_heights_beyond_their_range_are_as_high_or_low_as_can_be():
    heights = np.array([[-3.0, 7.0, np.nan]])
    np.testing.assert_array_equal(
        draw_heatmap(GREY, heights), draw_heatmap(GREY, [[0.0, 1.0, 0.0]])
    )


def test_a_large_picture_is_coloured_piece_by_piece_alike():
    heights = np.linspace(0, 1, 60).reshape(10, 6)
    tall = draw_heatmap(np.full((600, 30, 3), 100, "uint8"), heights)
    assert (np.abs(np.diff(tall.astype(int), axis=0)) < 12).all()


def test_a_sheet_is_filled_row_by_row_and_black_at_its_end():
    sheet = image_grid([np.full((2, 3, 3), n, "uint8") for n in (1, 2, 3)], 2)
    assert sheet.shape == (4, 6, 3)
    np.testing.assert_array_equal(sheet[::2, ::3, 0], [[1, 2], [3, 0]])


def test_pictures_of_any_size_fit_their_cells():
    wide, gray = np.full((10, 40, 3), 200, "uint8"), np.full((600, 300), 50, "uint8")
    sheet = image_grid([wide, gray], 5, size=(20, 20))
    assert sheet.shape == (20, 40, 3)
    for part, box in ((sheet[:, :20], (0, 7, 20, 5)), (sheet[:, 20:], (5, 0, 10, 20))):
        x, y, width, height = box
        inside = np.zeros((20, 20), bool)
        inside[y : y + height, x : x + width] = True
        np.testing.assert_array_equal(part.any(-1), inside)
    assert sheet[10, 10, 0] == 200 and sheet[10, 30, 0] == 50


def test_a_sheet_needs_pictures_of_one_size():
    with pytest.raises(ValueError, match="`images` must be one or more"):
        image_grid([], 2)
    with pytest.raises(ValueError, match="2 of 2 sizes"):
        image_grid([GREY, BLANK], 2)
