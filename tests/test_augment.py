import numpy as np
import pytest

from keras_hourglass.data.augment import Augmentation
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
    recoloured = Augmentation(**NONE).recolour(image, np.random.default_rng(1))
    np.testing.assert_array_equal(recoloured, image)


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
    colours = [Augmentation(colour=0.2).recolour(image, random) for _ in range(300)]
    colours = np.stack(colours).astype(int)
    assert colours.min() == 80 and colours.max() == 120
    assert (colours == colours[:, :1, :1]).all()
    one = np.corrcoef(colours[:, 0, 0].T)
    assert np.abs(one[~np.eye(3, dtype=bool)]).max() < 0.2


def test_what_becomes_too_bright_stays_white():
    image = np.full((9, 12, 3), 250, "uint8")
    random = np.random.default_rng(0)
    colours = [Augmentation(colour=0.5).recolour(image, random) for _ in range(20)]
    assert np.max(colours) == 255 and np.min(colours) >= 125
