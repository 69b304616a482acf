import numpy as np
import pytest
from keras import ops

from keras_hourglass import Skeleton, StackedHourglass
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.inference.keypoints import (
    KeypointPredictor,
    MultiScale,
    predict_keypoints,
)

PAIR = Skeleton(("left_eye", "right_eye"))
TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "skeleton": PAIR}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (3, 32, 48, 3), "uint8")
KERNEL = RANDOM.normal(0, 0.1, (4, 4, 3, 2)).astype("float32")


class Single(StackedHourglass):
    """One convolution, of which nothing is symmetric: it is compiled in no time."""

    def call(self, images):
        images = ops.cast(images, "float32") / 255
        kernel = ops.convert_to_tensor(KERNEL)
        return ops.conv(images, kernel, 4, data_format="channels_last")[:, None]


@pytest.fixture(scope="module")
def network():
    return Single(image_size=(32, 48), **TINY)


def by_hand(network, images):
    """Heatmaps of the last stack."""
    return network.predict_on_batch(images)[:, -1]


def read(heatmaps, offset=(0, 0)):
    return [*map(ops.convert_to_numpy, decode(ops.convert_to_tensor(heatmaps), offset))]


def test_it_finds_what_decoding_finds_in_the_networks_heatmaps(network):
    points, scores = KeypointPredictor(network).find(IMAGES[:, None])
    expected = read(by_hand(network, IMAGES))
    np.testing.assert_allclose(points, expected[0], atol=1e-3)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-4)
    np.testing.assert_allclose(predict_keypoints(network, IMAGES)[0], points, atol=1e-3)


def test_the_mirrored_heatmaps_are_turned_back_and_their_sides_exchanged(network):
    points, scores = KeypointPredictor(network, flip=True).find(IMAGES[:, None])
    mirrored = by_hand(network, IMAGES[:, :, ::-1])[:, :, ::-1, ::-1]
    expected = read((by_hand(network, IMAGES) + mirrored) / 2)
    np.testing.assert_allclose(points, expected[0], atol=1e-3)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-4)


def test_with_flip_a_mirrored_image_gives_mirrored_joints_of_any_network(network):
    finder = KeypointPredictor(network, flip=True)
    (points, _), (mirrored, _) = (
        finder.find(images[:, None]) for images in (IMAGES, IMAGES[:, :, ::-1])
    )
    swapped = mirrored[:, list(PAIR.flip_indices)]
    np.testing.assert_allclose(11 - swapped[..., 0], points[..., 0], atol=0.01)
    np.testing.assert_allclose(swapped[..., 1], points[..., 1], atol=0.01)


@pytest.mark.parametrize("flip, added", [(False, (0.5, -0.25)), (True, (0, -0.25))])
def test_the_offset_of_a_network_is_added_but_for_x_when_flipped(network, flip, added):
    plain, _ = KeypointPredictor(network, flip).find(IMAGES[:, None])
    network.offset = (0.5, -0.25)
    try:
        moved, _ = KeypointPredictor(network, flip).find(IMAGES[:, None])
    finally:
        network.offset = (0, 0)
    np.testing.assert_allclose(
        moved - plain, np.broadcast_to(added, plain.shape), atol=1e-5
    )


def test_people_are_filled_up_with_blank_images_that_nobody_sees(network):
    finder = KeypointPredictor(network)
    three, _ = finder.find(IMAGES[:, None])
    eight, _ = finder.find(IMAGES[:, None], least=8)
    assert three.shape == eight.shape == (3, 2, 2)
    np.testing.assert_allclose(eight, three, atol=1e-4)


SIZE, SCALES = (24, 16), (0.8, 1.0, 1.3)


def test_heatmaps_of_scaled_windows_are_laid_where_their_joints_lie():
    """One joint, drawn on the heatmap of each window where the geometry says."""
    window = Window.from_center(np.array([50.0, 40]), np.float64(48), SIZE)
    joints = window.to_image(np.array([[10.3, 7.8], [14.2, 6.1]]), SIZE)
    for scales in [(0.8,), (1.3,), SCALES]:
        views = [window.scaled(scale).to_grid(joints, SIZE) for scale in scales]
        heatmaps = encode(ops.convert_to_tensor(np.stack(views), "float32"), SIZE, 2.0)
        mean = MultiScale(scales, SIZE).mean(heatmaps[None])
        assert mean.shape == (1, 16, 24, 2)
        found, heights = read(mean)
        np.testing.assert_allclose(found[0], [[10.3, 7.8], [14.2, 6.1]], atol=0.15)
        assert (heights > 0.85).all()


def test_what_only_some_windows_see_is_the_mean_over_those():
    mean = MultiScale(SCALES, SIZE).mean(ops.ones((1, 3, 16, 24, 2)))
    np.testing.assert_allclose(ops.convert_to_numpy(mean), 1, rtol=1e-5)
    alone = ops.convert_to_numpy(
        MultiScale((0.5,), SIZE).mean(ops.ones((1, 1, 16, 24, 1)))
    )
    assert alone[0, 8, 12] == 1 and alone[0, 0, 0] == 0


@pytest.mark.parametrize("scales", [(), (0,), (1, -1), (float("nan"),), (np.inf,)])
def test_impossible_scales_are_refused(scales):
    with pytest.raises(ValueError, match="`scales` must be.*Received: scales="):
        MultiScale(scales, SIZE)
