"""Image operations within a graph: those of OpenCV and `data.warp`."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.data import warp
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.data.images import decoding
from keras_hourglass.export.saved_model import tf_image
from keras_hourglass.geometry import Window

SIZE = (40, 56)


def windows():
    random = np.random.default_rng(0)
    for _ in range(4):
        center = random.uniform(-40, 400, 2)
        yield Window.from_center(center, random.uniform(20, 900, ()), SIZE)


@pytest.mark.parametrize("window", [*windows()], ids=range(4))
def test_a_window_has_the_pixels_of_opencv(window):
    random = np.random.default_rng(1)
    region = decoding.whole_region(random.integers(0, 256, (301, 475, 3), np.uint8))
    shrunk = warp.shrink(region, window, SIZE)
    unrounded = shrunk._replace(pixels=shrunk.pixels.astype("float32"))
    expected = warp.warp(unrounded, window, SIZE)

    @tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)])
    def graph(pixels):
        traced = Window(*map(tf.constant, window))
        part = tf_image.shrink(tf_image.whole_region(pixels), traced, SIZE)
        return part.pixels, tf_image.warp(part, traced, SIZE)

    pixels, found = graph(region.pixels)
    np.testing.assert_array_equal(pixels, shrunk.pixels)
    assert found.dtype == tf.float32
    # Neighbors of random pixels differ by up to 255; coordinates are in float32.
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_an_image_of_one_pixel_is_not_shrunk_away():
    region = tf_image.whole_region(tf.fill((1, 1, 3), tf.constant(9, tf.uint8)))
    window = tf_image.whole_window(region, SIZE)
    found = tf_image.warp(tf_image.shrink(region, window, SIZE), window, SIZE)
    assert found.shape == (56, 40, 3)
    assert found.numpy().max() == pytest.approx(9, abs=0.2)  # near its center


MAX_PIXELS = 200 * 200
PIXELS = draw_image(0, 0)[0]  # 192 x 192


@tf.function(input_signature=[tf.TensorSpec((), tf.string)])
def decode(data):
    return tf_image.decode_image(7, data, MAX_PIXELS)


def encode(kind, pixels=PIXELS, *options):
    return cv2.imencode(kind, pixels[..., ::-1], options)[1].tobytes()


@pytest.mark.parametrize(
    "kind, options",
    [
        (".png", []),
        (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 70]),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    ],
)
def test_pixels_are_those_of_opencv(kind, options):
    data = encode(kind, PIXELS[:150, :101], *options)
    expected = decoding.read_region("an image", data).pixels
    np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize("channels", [1, 4])
def test_gray_and_transparent_pngs_have_three_channels(channels):
    pixels = np.dstack([PIXELS, PIXELS[..., 0]])[..., :channels]
    data = cv2.imencode(".png", pixels)[1].tobytes()
    expected = decoding.read_region("an image", data).pixels
    np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize("largest", [255, 1000, 4095, 4096, 65535])
@pytest.mark.parametrize("channels", [1, 3])
def test_pngs_of_16_bits_are_reduced_as_elsewhere(largest, channels):
    pixels = np.linspace(0, largest, 40 * 30 * channels).astype("uint16")
    data = cv2.imencode(".png", pixels.reshape(40, 30, channels))[1].tobytes()
    expected = decoding.read_region("an image", data).pixels
    np.testing.assert_array_equal(decode(data), expected)


LARGE = np.zeros((201, 200, 3), "uint8")
JPEG, PNG = encode(".jpg"), encode(".png")


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "JPEG or PNG. Received: image] [7] [of this request,] [0]"),
        (b"/etc/passwd", "JPEG or PNG"),
        (b"\xff\xd8\xff", "Invalid JPEG"),
        (JPEG[:1000], "Invalid JPEG"),
        (PNG[:1000], "Invalid PNG"),
        (PNG[:18], "JPEG or PNG"),
        (encode(".bmp"), "JPEG or PNG"),
        (encode(".jpg", LARGE), "1 to 40,000 pixels. Received: image"),
        (encode(".png", LARGE), "[200] [x] [201] [pixels]"),
        (PNG[:16] + b"\xff\xff\xff\xff" + PNG[20:], "1 to 40,000 pixels"),
        (PNG[:16] + bytes(8) + PNG[24:], "1 to 40,000 pixels"),
        (JPEG[:-2] + b"\xff\xda" * 101 + JPEG[-2:], "100 scans at most"),
    ],
)
def test_bytes_of_no_image_or_too_large_a_one_fail_with_a_message(data, message):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        decode(data)
    assert message in str(caught.value)
