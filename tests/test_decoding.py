"""Which bytes the graph takes for a picture."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.data.datasets.synthetic.drawing import draw
from keras_hourglass.data.images import decoding
from keras_hourglass.export import tf_image

MOST = 200 * 200
PIXELS = draw(0, 0)[0]  # 192 x 192


@tf.function(input_signature=[tf.TensorSpec((), tf.string)])
def graph(data):
    return tf_image.decode_image(7, data, MOST)


def encoded(kind, pixels=PIXELS, *options):
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
    data = encoded(kind, PIXELS[:150, :101], *options)
    expected = decoding.read_region("a picture", data).pixels
    np.testing.assert_array_equal(graph(data), expected)


@pytest.mark.parametrize("channels", [1, 4])
def test_gray_and_transparent_pngs_have_three_channels(channels):
    pixels = np.dstack([PIXELS, PIXELS[..., 0]])[..., :channels]
    data = cv2.imencode(".png", pixels)[1].tobytes()
    expected = decoding.read_region("a picture", data).pixels
    np.testing.assert_array_equal(graph(data), expected)


LARGE = np.zeros((201, 200, 3), "uint8")
JPEG, PNG = encoded(".jpg"), encoded(".png")


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "JPEG or PNG. Received: picture] [7] [of this request,] [0]"),
        (b"/etc/passwd", "JPEG or PNG"),
        (b"\xff\xd8\xff", "Invalid JPEG"),
        (JPEG[:1000], "Invalid JPEG"),
        (PNG[:1000], "Invalid PNG"),
        (PNG[:18], "JPEG or PNG"),
        (encoded(".bmp"), "JPEG or PNG"),
        (encoded(".jpg", LARGE), "1 to 40,000 pixels. Received: picture"),
        (encoded(".png", LARGE), "[200] [x] [201] [pixels]"),
        (PNG[:16] + b"\xff\xff\xff\xff" + PNG[20:], "1 to 40,000 pixels"),
        (PNG[:16] + bytes(8) + PNG[24:], "1 to 40,000 pixels"),
        (JPEG[:-2] + b"\xff\xda" * 101 + JPEG[-2:], "100 scans at most"),
    ],
)
def test_what_is_no_picture_or_too_large_fails_with_a_message(data, says):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        graph(data)
    assert says in str(caught.value)
