import numpy as np
import pytest

from keras_hourglass.data.augment import Augmentation, pixels, windows
from keras_hourglass.geometry import Crop

WINDOW = Crop(np.array([50.0, 70.0]), np.array([30.0, 0.0]), np.array([0.0, 40.0]))
NONE = {"scale": 0, "rotation": 0, "flip": 0, "shift": 0, "colour": 0}
COUNT = 2000


def views(**strengths):
    """Windows that are drawn, stacked, and whether they are mirrored."""
    augmentation = Augmentation(**{**NONE, **strengths})
    random = np.random.default_rng(0)
    drawn, flipped = zip(*(augmentation.vary(WINDOW, random) for _ in range(COUNT)))
    return Crop(*map(np.stack, zip(*drawn))), np.array(flipped)


def test_without_any_strength_nothing_changes():
    window, flipped = views()
    for edge, expected in zip(window, WINDOW):
        np.testing.assert_array_equal(edge, np.tile(expected, (COUNT, 1)))
    assert not flipped.any()
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 3), "uint8")
    repainted = Augmentation(**NONE).repaint(image, np.random.default_rng(1))
    np.testing.assert_array_equal(repainted, image)


def test_scale_varies_by_its_deviation_and_no_further():
    window, _ = views(scale=0.25)
    factor = np.linalg.norm(window.right, axis=1) / 30
    np.testing.assert_allclose(np.linalg.norm(window.down, axis=1) / 40, factor)
    assert factor.min() == pytest.approx(0.75) and factor.max() == pytest.approx(1.25)
    # A normal distribution lies within one deviation for 68 % of all draws.
    assert np.mean((factor > 0.7501) & (factor < 1.2499)) == pytest.approx(
        0.68, abs=0.04
    )


def test_a_share_of_windows_is_turned_by_at_most_two_deviations():
    window, _ = views(rotation=30, rotation_share=0.6)
    angle = np.degrees(np.arctan2(window.right[:, 1], window.right[:, 0]))
    assert np.mean(angle != 0) == pytest.approx(0.6, abs=0.04)
    assert angle.min() == pytest.approx(-60) and angle.max() == pytest.approx(60)
    assert np.mean(np.abs(angle[angle != 0]) < 30) == pytest.approx(0.68, abs=0.04)


def test_a_share_of_windows_is_mirrored_and_says_so():
    window, flipped = views(flip=0.3)
    assert flipped.mean() == pytest.approx(0.3, abs=0.04)
    np.testing.assert_array_equal(window.right[:, 0], np.where(flipped, -30, 30))


def test_windows_move_by_at_most_the_share_that_is_asked_for():
    window, _ = views(shift=0.1)
    moved = (window.center - WINDOW.center) / (30, 40)
    assert 0.095 < np.abs(moved).max() <= 0.1
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=0.005)


def test_each_channel_has_a_brightness_of_its_own_within_the_strength():
    image = np.full((9, 12, 3), 100, "uint8")
    random = np.random.default_rng(0)
    colours = [Augmentation(colour=0.2).repaint(image, random) for _ in range(300)]
    colours = np.stack(colours).astype(int)
    assert colours.min() == 80 and colours.max() == 120
    assert (colours == colours[:, :1, :1]).all()
    one = np.corrcoef(colours[:, 0, 0].T)
    assert np.abs(one[~np.eye(3, dtype=bool)]).max() < 0.2


def test_what_becomes_too_bright_stays_white():
    image = np.full((9, 12, 3), 250, "uint8")
    random = np.random.default_rng(0)
    colours = [Augmentation(colour=0.5).repaint(image, random) for _ in range(20)]
    assert np.max(colours) == 255 and np.min(colours) >= 125


def half_bodies(halves, **strengths):
    augmentation = Augmentation(**{**NONE, "half_body": 1, **strengths})
    random = np.random.default_rng(0)
    return [augmentation.vary(WINDOW, random, halves)[0] for _ in range(COUNT)]


UPPER = np.array([[44.0, 60.0], [50, 62], [56, 64], [47, 76]])
LOWER = np.array([[50.0, 76.0], [48, 80], [52, 85]])


def test_a_half_body_has_the_box_of_its_joints_in_the_middle_and_half_as_much_again():
    drawn = half_bodies([UPPER, LOWER])
    upper = [window for window in drawn if window.center[1] < 70]
    assert len(upper) / COUNT == pytest.approx(0.5, abs=0.04)
    # 12 of 30 pixels across, 16 of 40 down: 0.4 of the window, and half as much again.
    np.testing.assert_allclose(upper[0].center, [50, 68])
    np.testing.assert_allclose(upper[0].right, [0.6 * 30, 0])
    np.testing.assert_allclose(upper[0].down, [0, 0.6 * 40])


def test_no_half_body_is_looked_at_from_nearer_than_the_least():
    lower = next(window for window in half_bodies([UPPER, LOWER]) if window[0][1] > 70)
    np.testing.assert_allclose(lower.center, [50, 80.5])
    np.testing.assert_allclose(lower.right, [windows.LEAST * 30, 0])


def test_a_half_with_too_few_joints_is_not_chosen():
    drawn = half_bodies([UPPER, LOWER[:2]])
    np.testing.assert_allclose([window.center for window in drawn], [[50, 68]] * COUNT)
    for window in half_bodies([UPPER[:0], LOWER[:2]]):
        np.testing.assert_array_equal(window, WINDOW)


def test_a_share_of_samples_is_a_half_body_inside_of_a_turned_window_too():
    turned = half_bodies([UPPER, LOWER], half_body=0.3, rotation=30, rotation_share=1)
    edges = np.linalg.norm([window.right for window in turned], axis=-1)
    assert np.mean(edges < 29) == pytest.approx(0.3, abs=0.03)
    for window in turned:
        assert window.right @ window.down == pytest.approx(0, abs=1e-9)


def test_one_strength_does_not_change_what_another_draws():
    one = Augmentation().vary(WINDOW, np.random.default_rng(3))[0]
    shifted = Augmentation(shift=0.1).vary(WINDOW, np.random.default_rng(3))[0]
    np.testing.assert_allclose(one[1:], shifted[1:])


@pytest.mark.parametrize("name", ["blur", "jpeg", "contrast", "saturation"])
def test_an_even_grey_image_stays_as_it_is(name):
    image = np.full((24, 36, 3), 128, "uint8")
    for seed in range(20):
        random = np.random.default_rng(seed)
        painted = Augmentation(**{**NONE, name: 0.9}).repaint(image.copy(), random)
        np.testing.assert_allclose(painted, image, atol=1)


def test_contrast_moves_colours_to_and_from_mid_grey():
    image = np.array([[[28, 128, 228]]], "uint8")
    drawn = painted(image, contrast=0.2)
    np.testing.assert_allclose(drawn[..., 1], 128)
    np.testing.assert_allclose(drawn[..., 0] + drawn[..., 2], 256, atol=1)
    assert drawn[..., 2].min() == 208 and drawn[..., 2].max() == 248


def test_brightness_moves_all_channels_alike_by_a_share_of_white():
    drawn = painted(np.array([[[100, 110, 120]]], "uint8"), brightness=0.2)
    assert (drawn - drawn[..., :1] == (0, 10, 20)).all()
    assert drawn[..., 0].min() == 49 and drawn[..., 0].max() == 151


def test_saturation_changes_a_colours_distance_from_its_grey():
    image = np.array([[[200, 100, 50]]], "uint8")
    grey = image @ pixels.GREY
    drawn = painted(image, saturation=0.4)
    np.testing.assert_allclose(drawn @ pixels.GREY, np.tile(grey, (300, 1, 1)), atol=1)
    away = (drawn - grey) / (image - grey)
    np.testing.assert_allclose(away, away[..., :1].repeat(3, -1), atol=0.1)
    assert away[..., 0].min() == pytest.approx(0.6, abs=0.02)
    assert away[..., 0].max() == pytest.approx(1.4, abs=0.02)


def painted(image, **strengths):
    """300 repainted copies of an image, as whole numbers."""
    augmentation, random = (
        Augmentation(**{**NONE, **strengths}),
        np.random.default_rng(0),
    )
    copies = [augmentation.repaint(image.copy(), random) for _ in range(300)]
    return np.stack(copies).astype(int)


@pytest.mark.parametrize("name", ["blur", "jpeg"])
def test_a_share_of_images_is_blurred_or_compressed(name):
    image = np.random.default_rng(5).integers(0, 256, (64, 96, 3), "uint8")
    changed = (painted(image, **{name: 0.25}) != image).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(0.25, abs=0.06)


def test_blur_reaches_further_on_larger_images_and_nowhere_further_than_its_share():
    for width, expected in [(64, {3}), (96, {3}), (256, {3, 5, 7})]:
        image = np.zeros((64, width, 3), "uint8")
        image[32, width // 2] = 255
        drawn = painted(image, blur=1)[..., 0].any(axis=1).sum(axis=-1)
        assert {*drawn.tolist()} == expected
