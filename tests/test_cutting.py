"""The graph cuts windows as `data.warp` does."""

import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.data import warp
from keras_hourglass.data.images import decoding
from keras_hourglass.export import tf_image
from keras_hourglass.geometry import Window

SIZE = (40, 56)


def windows():
    random = np.random.default_rng(0)
    for _ in range(4):
        center = random.uniform(-40, 400, 2)
        yield Window.from_center(center, random.uniform(20, 900, ()), SIZE)


@pytest.mark.parametrize("window", [*windows()], ids=range(4))
def test_a_window_has_the_pixels_that_opencv_gives_it(window):
    random = np.random.default_rng(1)
    region = decoding.whole_region(random.integers(0, 256, (301, 475, 3), np.uint8))
    shrunk = warp.shrink(region, window, SIZE)
    expected = warp.warp(shrunk, window, SIZE)

    @tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)])
    def graph(pixels):
        traced = Window(*map(tf.constant, window))
        part = tf_image.shrink_image(tf_image.whole_window(pixels), traced, SIZE)
        return part.pixels, tf_image.crop_windows(part, traced, SIZE)

    pixels, found = graph(region.pixels)
    np.testing.assert_array_equal(pixels, shrunk.pixels)
    off = np.abs(found.numpy().astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 1e-3


def test_a_picture_of_one_pixel_is_not_shrunk_away():
    region = tf_image.whole_window(tf.fill((1, 1, 3), tf.constant(9, tf.uint8)))
    window = tf_image.all_pixels(region, SIZE)
    found = tf_image.crop_windows(
        tf_image.shrink_image(region, window, SIZE), window, SIZE
    )
    assert found.shape == (56, 40, 3) and found.numpy().max() == 9
