"""Image operations within a TensorFlow graph: decoding, shrinking and warping.

Decoding gives the pixels of OpenCV, shrinking and warping those of `data.warp`.
"""

import tensorflow as tf

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.headers import MAX_SCANS
from keras_hourglass.data.warp import HALVED_ABOVE, ROUNDING_STEP
from keras_hourglass.geometry import Window

JPEG_START, JPEG_SCAN = b"\xff\xd8\xff", b"\xff\xda"
PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # then width and height, four bytes each
PNG_SIZE = len(PNG_START), 8  # position and length of width and height
DEPTH_STARTS = [2**8, 2**10, 2**12, 2**14]  # values that need two bits more
HALF_UP = 0.5  # rounds to the nearest, as OpenCV rounds coordinates
# Of a pixel. Where OpenCV rounds to ROUNDING_STEP, it has rounded to this before.
FINE_STEP = 2**-10


def decode_image(number, data, max_pixels: int):
    """Decodes a JPEG, as it is stored, or a PNG, without its transparency.

    Args:
        number: Index of the image within its request, for the error.
        data: The file's bytes, a string tensor `()`.
        max_pixels: Most pixels: an image whose header says more is not decoded.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        tf.errors.InvalidArgumentError: When the graph runs, if the file is neither,
            is damaged, or has too many pixels.
    """
    is_jpeg = _starts_with(data, JPEG_START)
    is_png = _starts_with(data, PNG_START)
    is_png &= tf.strings.length(data) > sum(PNG_SIZE)  # the depth follows
    width, height = _read_size(number, data, is_jpeg, is_png)
    pixels = tf.cast(width, tf.int64) * tf.cast(height, tf.int64)
    valid = (tf.minimum(width, height) > 0) & (pixels <= max_pixels)
    received = [width, "x", height, "pixels"]
    checked = _require(
        valid, number, f"must have 1 to {max_pixels:,} pixels", *received
    )
    with tf.control_dependencies([checked]):
        return tf.cond(
            is_jpeg,
            # As OpenCV's decoder does it: the same pixels, bit for bit.
            lambda: tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"),
            lambda: _decode_png(data),
        )


def _decode_png(data):
    """Decodes a PNG; channels of 16 bits are reduced as `data.images.depth` does it."""
    depth = tf.strings.substr(data, sum(PNG_SIZE), 1)

    def reduced():
        pixels = tf.io.decode_png(data, 3, tf.uint16)
        largest = tf.reduce_max(tf.cast(pixels, tf.int32))
        shift = 2 * tf.reduce_sum(tf.cast(largest >= DEPTH_STARTS, tf.int32))
        shift = tf.cast(shift, tf.uint16)
        return tf.cast(tf.bitwise.right_shift(pixels, shift), tf.uint8)

    deep = tf.equal(depth, b"\x10")
    return tf.cond(deep, reduced, lambda: tf.io.decode_png(data, 3))


def _read_size(number, data, is_jpeg, is_png):
    """Width and height from the header of a file, which must be a JPEG or PNG."""
    received = [tf.strings.length(data), "bytes"]
    known = _require(
        is_jpeg | is_png, number, "must be the bytes of a JPEG or PNG", *received
    )
    scans = tf.size(tf.strings.split(data, JPEG_SCAN)) - 1
    few = _require(
        is_png | (scans <= MAX_SCANS),
        number,
        f"must have {MAX_SCANS} scans at most",
        scans,
    )
    with tf.control_dependencies([known, few]):
        shape = tf.cond(
            is_jpeg,
            lambda: tf.io.extract_jpeg_shape(data)[:2],
            lambda: _png_shape(data),
        )
    height, width = shape[0], shape[1]
    return width, height


def _png_shape(data):
    """`(2,)`, rows and columns; below 0 if they are over 2**31."""
    size = tf.strings.substr(data, *PNG_SIZE)
    size.set_shape(())
    return tf.io.decode_raw(size, tf.int32, little_endian=False)[1::-1]


def _starts_with(data, start):
    return tf.strings.substr(data, 0, len(start)) == start


def _require(condition, number, expected, *received):
    message = f"each of `image_bytes` {expected}. Received: image"
    return tf.debugging.Assert(
        condition, [message, number, "of this request,", *received]
    )


def whole_region(pixels) -> ImageRegion:
    """The region of a whole image, from its pixels `(height, width, 3)`, uint8."""
    return ImageRegion(pixels, Window.from_rectangle(_box(pixels)))


def whole_window(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The window that holds a whole image. See `inference.views.whole_window`."""
    return Window.from_box(_box(region.pixels), size=size)


def require_overlap(number, region: ImageRegion, box):
    """Fails, when the graph runs, if a box `(4,)` does not overlap an image.

    Args:
        number: Index of the image within its request, for the error.
        region: The whole image.
        box: x and y of the first pixel, width and height.
    """
    first, edges = box[:2], box[2:]
    inside = (first < _box(region.pixels)[2:]) & (first + edges > 0) & (edges > 0)
    # As `validate_boxes` has it: no value above 1 means normalized coordinates.
    inside &= tf.reduce_max(box) > 1
    expected = "`boxes` must be x, y, width, height, in pixels (values that are all at "
    expected += "most 1 are normalized coordinates), and overlap the image"
    return tf.debugging.Assert(
        tf.reduce_all(inside & tf.math.is_finite(edges)),
        [f"{expected}. Received: for image", number, "of this request,", box],
    )


def shrink(region: ImageRegion, window: Window, size: tuple[int, int]) -> ImageRegion:
    """Halves the pixels by 2 x 2 means while they are over twice as fine as the grid.

    Args:
        region: Pixels of the image and their place on it, in float64.
        window: The window that is to be cut out, on the image.
        size: Columns and rows of the grid that is laid on the window.
    """

    def too_fine(pixels, place):
        fineness = place.scale(_grid_size(pixels))
        fineness /= window.scale(size)
        return (fineness > HALVED_ABOVE) & (tf.reduce_min(tf.shape(pixels)[:2]) > 1)

    def halve(pixels, place):
        rows, columns = tf.shape(pixels)[0] // 2, tf.shape(pixels)[1] // 2
        even = pixels[: 2 * rows, : 2 * columns]
        place = place.part(_box(even), _grid_size(pixels))
        # Integer sums along memory take a quarter of the time of `avg_pool2d`.
        lines = tf.reshape(even, (rows, 2, 6 * columns))
        sums = tf.cast(lines[:, 0], tf.uint16) + tf.cast(lines[:, 1], tf.uint16)
        pairs = tf.reshape(sums, (rows, columns, 6))
        fours = pairs[..., :3] + pairs[..., 3:]
        return ImageRegion(
            tf.cast(
                tf.bitwise.right_shift(fours + 2, tf.constant(2, tf.uint16)), tf.uint8
            ),
            place,
        )

    shapes = ImageRegion(
        tf.TensorShape((None, None, 3)), Window(*[tf.TensorShape(2)] * 3)
    )
    return ImageRegion(*tf.while_loop(too_fine, halve, region, shapes))


def warp(region: ImageRegion, window: Window, size: tuple[int, int]):
    """Cuts an upright window out, black where there are no pixels.

    Args:
        region: Pixels of the image and their place on it, in float64.
        window: The window, on the image.
        size: Width and height of the crop.

    Returns:
        The crop: `(height, width, 3)`, float32, interpolated linearly.
    """
    corners = tf.constant([[0, 0], [length - 1 for length in size]], tf.float64)
    source = region.place.to_grid(
        window.to_image(corners, size), _grid_size(region.pixels)
    )
    # OpenCV is given the corners in single precision.
    first, last = tf.unstack(tf.cast(tf.cast(source, tf.float32), tf.float64))
    x, y = (
        _sample_positions(first[axis], last[axis], length, axis == 0)
        for axis, length in enumerate(size)
    )
    pixels, (width, height) = region.pixels, size
    rows, columns = tf.shape(pixels)[0], tf.shape(pixels)[1]
    # Weights along flat rows: any other broadcasting takes several times as long.
    lines = sum(
        weights[:, None] * _flat(tf.gather(pixels, index), height)
        for index, weights in _neighbors(y, rows)
    )
    lines = tf.reshape(lines, (height, columns, 3))
    mixed = sum(
        tf.repeat(weights, 3) * _flat(tf.gather(lines, index, axis=1), height)
        for index, weights in _neighbors(x, columns)
    )
    return tf.reshape(mixed, (height, width, 3))


def _sample_positions(first, last, count: int, across: bool):
    """`(count,)`, float32: evenly spaced, and rounded as by OpenCV."""
    step, index = (last - first) / (count - 1), tf.range(count, dtype=tf.float64)
    if not ROUNDING_STEP:
        step, index = (tf.cast(values, tf.float32) for values in (step, index))
        return tf.cast(first, tf.float32) + step * index
    parts = (first, step * index) if across else (first + step * index,)
    whole = sum(tf.round(part / FINE_STEP) for part in parts)
    return tf.cast(
        tf.floor(whole * (FINE_STEP / ROUNDING_STEP) + HALF_UP) * ROUNDING_STEP,
        tf.float32,
    )


def _neighbors(positions, count):
    """Yields index and weights of the pixels before, then after each position.

    Args:
        positions: `(positions,)`, in pixels along an axis.
        count: Number of pixels along it; beyond them a weight is 0.
    """
    first = tf.floor(positions)
    share = positions - first
    limit = tf.cast(count, positions.dtype)
    before = tf.cast(tf.clip_by_value(first, -2.0, limit), "int32")
    for index, weights in ((before, 1 - share), (before + 1, share)):
        inside = tf.cast((index >= 0) & (index < count), weights.dtype)
        yield tf.clip_by_value(index, 0, count - 1), weights * inside


def _flat(pixels, height):
    return tf.cast(tf.reshape(pixels, (height, -1)), tf.float32)


def _grid_size(pixels):
    """Columns and rows, float64."""
    return tf.unstack(tf.cast(tf.shape(pixels)[1::-1], tf.float64))


def _box(pixels):
    return tf.stack([0.0, 0.0, *_grid_size(pixels)])
