"""Files of pictures decoded within a graph, once it is sure that they may be."""

import tensorflow as tf

from keras_hourglass.data.picture.headers.jpeg import MOST_SCANS

JPEG, SCAN = b"\xff\xd8\xff", b"\xff\xda"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # then width and height, four bytes each
PNG_SIZE = len(PNG), 8


def decode(number, data, most_pixels: int):
    """The pixels of a JPEG, as it is stored, or of a PNG, without its transparency.

    Args:
        number: Of the picture within its request, for the error.
        data: The file's bytes, a string tensor `()`.
        most_pixels: A picture that says it has more is not decoded.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        tf.errors.InvalidArgumentError: When the graph runs, if the file is neither,
            is damaged, or has too many pixels.
    """
    jpeg = _begins(data, JPEG)
    png = _begins(data, PNG) & (tf.strings.length(data) >= sum(PNG_SIZE))
    width, height = _size(number, data, jpeg, png)
    pixels = tf.cast(width, tf.int64) * tf.cast(height, tf.int64)
    fits = (tf.minimum(width, height) > 0) & (pixels <= most_pixels)
    said = [width, "x", height, "pixels"]
    few = _require(fits, number, f"must have 1 to {most_pixels:,} pixels", *said)
    with tf.control_dependencies([few]):
        return tf.cond(
            jpeg,
            # As OpenCV's decoder does it: the same pixels, bit for bit.
            lambda: tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_png(data, 3),
        )


def _size(number, data, jpeg, png):
    """Width and height, as the header says them; that it is one is made sure of."""
    length = [tf.strings.length(data), "bytes"]
    known = _require(jpeg | png, number, "must be the bytes of a JPEG or PNG", *length)
    scans = tf.size(tf.strings.split(data, SCAN)) - 1
    short = png | (scans <= MOST_SCANS)
    quick = _require(short, number, f"must have {MOST_SCANS} scans at most", scans)
    with tf.control_dependencies([known, quick]):
        shape = tf.cond(
            jpeg, lambda: tf.io.extract_jpeg_shape(data)[:2], lambda: _png_size(data)
        )
    height, width = shape[0], shape[1]
    return width, height


def _png_size(data):
    """`(2,)`, rows and columns; below 0 if they are absurd."""
    cut = tf.strings.substr(data, *PNG_SIZE)
    cut.set_shape(())
    return tf.io.decode_raw(cut, tf.int32, little_endian=False)[1::-1]


def _begins(data, start):
    return tf.strings.substr(data, 0, len(start)) == start


def _require(holds, number, what, *received):
    says = f"each of `image_bytes` {what}. Received: picture"
    return tf.debugging.Assert(holds, [says, number, "of this request,", *received])
