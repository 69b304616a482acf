from dataclasses import fields

import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation, photometric

NONE = {field.name: 0 for field in fields(Augmentation)}


def painted(image, **strengths):
    """300 repainted copies of an image, as whole numbers."""
    augmentation, random = (
        Augmentation(**{**NONE, **strengths}),
        np.random.default_rng(0),
    )
    copies = [augmentation.augment_pixels(image.copy(), random) for _ in range(300)]
    return np.stack(copies).astype(int)


def test_without_any_strength_no_pixel_changes():
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 3), "uint8")
    np.testing.assert_array_equal(painted(image), np.stack([image] * 300))


def test_each_channel_has_a_brightness_of_its_own_within_the_strength():
    colors = painted(np.full((9, 12, 3), 100, "uint8"), color=0.2)
    assert colors.min() == 80 and colors.max() == 120
    assert (colors == colors[:, :1, :1]).all()
    one = np.corrcoef(colors[:, 0, 0].T)
    assert np.abs(one[~np.eye(3, dtype=bool)]).max() < 0.2


def test_too_bright_pixels_are_clipped_to_white():
    colors = painted(np.full((9, 12, 3), 250, "uint8"), color=0.5)
    assert np.max(colors) == 255 and np.min(colors) >= 125


def test_the_image_is_changed_in_place():
    image = np.random.default_rng(0).integers(0, 256, (48, 36, 3), "uint8")
    strengths = {"color": 0.3, "patches": 1, "blur": 1, "jpeg": 1}
    for some in ({name: strengths[name]} for name in strengths):
        given, random = image.copy(), np.random.default_rng(1)
        assert Augmentation(**{**NONE, **some}).augment_pixels(given, random) is given
        assert (given != image).any()


@pytest.mark.parametrize("name", ["blur", "jpeg", "contrast", "saturation"])
def test_an_even_gray_image_stays_as_it_is(name):
    image = np.full((24, 36, 3), 128, "uint8")
    for seed in range(20):
        random = np.random.default_rng(seed)
        painted = Augmentation(**{**NONE, name: 0.9}).augment_pixels(
            image.copy(), random
        )
        np.testing.assert_allclose(painted, image, atol=1)


def test_contrast_moves_colors_to_and_from_mid_gray():
    image = np.array([[[28, 128, 228]]], "uint8")
    drawn = painted(image, contrast=0.2)
    np.testing.assert_allclose(drawn[..., 1], 128)
    np.testing.assert_allclose(drawn[..., 0] + drawn[..., 2], 256, atol=1)
    assert drawn[..., 2].min() == 208 and drawn[..., 2].max() == 248


def test_brightness_moves_all_channels_alike_by_a_share_of_white():
    drawn = painted(np.array([[[100, 110, 120]]], "uint8"), brightness=0.2)
    assert (drawn - drawn[..., :1] == (0, 10, 20)).all()
    assert drawn[..., 0].min() == 49 and drawn[..., 0].max() == 151


def test_saturation_changes_a_colors_distance_from_its_gray():
    image = np.array([[[200, 100, 50]]], "uint8")
    gray = image @ photometric.GRAY
    drawn = painted(image, saturation=0.4)
    np.testing.assert_allclose(
        drawn @ photometric.GRAY, np.tile(gray, (300, 1, 1)), atol=1
    )
    away = (drawn - gray) / (image - gray)
    np.testing.assert_allclose(away, away[..., :1].repeat(3, -1), atol=0.1)
    assert away[..., 0].min() == pytest.approx(0.6, abs=0.02)
    assert away[..., 0].max() == pytest.approx(1.4, abs=0.02)


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
