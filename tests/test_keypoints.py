"""Keypoint prediction: flip test, scales, offsets, padding and options."""

import numpy as np
import pytest
from keras import ops

from keras_hourglass import Skeleton, StackedHourglass
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.inference.runtimes.heatmap_average import (
    HeatmapAverage,
    MultiScale,
)
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.inference.runtimes.keypoints import (
    KeypointPredictor,
    predict_keypoints,
)

PAIR = Skeleton(("left_eye", "right_eye"))
TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "skeleton": PAIR}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (3, 32, 48, 3), "uint8")
KERNEL = RANDOM.normal(0, 0.1, (4, 4, 3, 2)).astype("float32")


class Single(StackedHourglass):
    """A single convolution without any symmetry, quick to compile."""

    def call(self, images):
        images = ops.cast(images, "float32") / 255
        kernel = ops.convert_to_tensor(KERNEL)
        return ops.conv(images, kernel, 4, data_format="channels_last")[:, None]


@pytest.fixture(scope="module")
def network():
    return Single(image_size=(32, 48), **TINY)


def last_heatmaps(network, images):
    """Heatmaps of the last stack."""
    return network.predict_on_batch(images)[:, -1]


def read(heatmaps, offset=(0, 0)):
    return [*map(ops.convert_to_numpy, decode(ops.convert_to_tensor(heatmaps), offset))]


def test_keypoints_are_those_decoded_from_the_networks_heatmaps(network):
    points, scores = KeypointPredictor(network).predict_keypoints(IMAGES[:, None])
    expected = read(last_heatmaps(network, IMAGES))
    np.testing.assert_allclose(points, expected[0], atol=1e-3)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-4)
    np.testing.assert_allclose(predict_keypoints(network, IMAGES)[0], points, atol=1e-3)


def test_heatmaps_of_the_flip_test_are_mirrored_back_and_their_sides_swapped(network):
    points, scores = KeypointPredictor(network, flip=True).predict_keypoints(
        IMAGES[:, None]
    )
    mirrored = last_heatmaps(network, IMAGES[:, :, ::-1])[:, :, ::-1, ::-1]
    expected = read((last_heatmaps(network, IMAGES) + mirrored) / 2)
    np.testing.assert_allclose(points, expected[0], atol=1e-3)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-4)


def test_with_flip_a_mirrored_image_gives_mirrored_keypoints_with_any_network(network):
    predictor = KeypointPredictor(network, flip=True)
    (points, _), (mirrored, _) = (
        predictor.predict_keypoints(images[:, None])
        for images in (IMAGES, IMAGES[:, :, ::-1])
    )
    swapped = mirrored[:, list(PAIR.flip_indices)]
    np.testing.assert_allclose(11 - swapped[..., 0], points[..., 0], atol=0.01)
    np.testing.assert_allclose(swapped[..., 1], points[..., 1], atol=0.01)


@pytest.mark.parametrize("flip, added", [(False, (0.5, -0.25)), (True, (0, -0.25))])
def test_the_offset_of_a_network_is_added_but_for_x_when_flipped(network, flip, added):
    plain, _ = KeypointPredictor(network, flip).predict_keypoints(IMAGES[:, None])
    network.offset = (0.5, -0.25)
    try:
        moved, _ = KeypointPredictor(network, flip).predict_keypoints(IMAGES[:, None])
    finally:
        network.offset = (0, 0)
    np.testing.assert_allclose(
        moved - plain, np.broadcast_to(added, plain.shape), atol=1e-5
    )


def test_padding_of_a_batch_does_not_change_the_keypoints(network):
    predictor = KeypointPredictor(network)
    three, _ = predictor.predict_keypoints(IMAGES[:, None])
    eight, _ = predictor.predict_keypoints(IMAGES[:, None], min_batch=8)
    assert three.shape == eight.shape == (3, 2, 2)
    np.testing.assert_allclose(eight, three, atol=1e-4)


SIZE, SCALES = (24, 16), (0.8, 1.0, 1.3)


def test_heatmaps_of_scaled_windows_are_aligned_on_one_grid():
    """Two joints, encoded on the heatmap of each window by the geometry."""
    window = Window.from_center(np.array([50.0, 40]), np.float64(48), SIZE)
    joints = window.to_image(np.array([[10.3, 7.8], [14.2, 6.1]]), SIZE)
    for scales in [(0.8,), (1.3,), SCALES]:
        views = [window.scaled(scale).to_grid(joints, SIZE) for scale in scales]
        heatmaps = encode(ops.convert_to_tensor(np.stack(views), "float32"), SIZE, 2.0)
        mean = MultiScale(scales, SIZE, ops).mean(heatmaps[None])
        assert mean.shape == (1, 16, 24, 2)
        found, heights = read(mean)
        np.testing.assert_allclose(found[0], [[10.3, 7.8], [14.2, 6.1]], atol=0.15)
        assert (heights > 0.85).all()


def test_pixels_outside_of_some_windows_are_averaged_over_the_others():
    mean = MultiScale(SCALES, SIZE, ops).mean(ops.ones((1, 3, 16, 24, 2)))
    np.testing.assert_allclose(ops.convert_to_numpy(mean), 1, rtol=1e-5)
    alone = ops.convert_to_numpy(
        MultiScale((0.5,), SIZE, ops).mean(ops.ones((1, 1, 16, 24, 1)))
    )
    assert alone[0, 8, 12] == 1 and alone[0, 0, 0] == 0


def test_arrays_are_averaged_and_decoded_as_tensors_are(network):
    """Of the heatmaps of other runtimes, in NumPy."""
    heatmaps = RANDOM.random((3 * 2 * len(SCALES), 8, 12, 2), dtype="float32")
    found = []
    for xp in (NUMPY, ops):
        average = HeatmapAverage(network, True, SCALES, array_library=xp)
        decoded = average.decode(xp.convert_to_tensor(heatmaps))
        found.append([*map(ops.convert_to_numpy, decoded)])
    for array, tensor in zip(*found):
        np.testing.assert_allclose(array, tensor, atol=1e-3)
    crops = RANDOM.random((3, len(SCALES), 32, 48, 3))
    views = HeatmapAverage(network, True, SCALES).views(crops)
    np.testing.assert_array_equal(views[len(views) // 2 :], views[:9, :, ::-1])


@pytest.mark.parametrize("scales", [(), (0,), (1, -1), (float("nan"),), (np.inf,)])
def test_invalid_scales_raise_an_error(scales):
    with pytest.raises(ValueError, match="`scales` must be.*Received: scales="):
        MultiScale(scales, SIZE)


def test_options_hold_the_defaults_and_can_be_compared():
    assert KeypointOptions() == KeypointOptions(False, "dark", 8, "error")
    assert hash(KeypointOptions(flip=True)) == hash(KeypointOptions(flip=True))


@pytest.mark.parametrize(
    "option, guess",
    [
        ({"decoder": "newtn"}, "Did you mean 'newton'"),
        ({"batch_size": 0}, "a positive integer"),
        ({"broken": "skp"}, "Did you mean 'skip'"),
    ],
)
def test_invalid_options_raise_an_error_that_names_them(option, guess):
    ((name, value),) = option.items()
    with pytest.raises(
        ValueError, match=f"`{name}` must be.*{guess}.*{name}={value!r}"
    ):
        KeypointOptions(**option)
