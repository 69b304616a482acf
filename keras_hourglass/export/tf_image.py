"""Cutting windows out of pixels within a graph, with the arithmetic of `data.warp`.

Files of pictures decoded within a graph, once it is sure that they may be.
"""

import tensorflow as tf

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.headers import MAX_SCANS
from keras_hourglass.data.warp import ROUNDING_STEP
from keras_hourglass.geometry import Window

HALF_UP = 0.5  # to the nearest, as OpenCV rounds means
MAX_FINENESS = (
    2**-10
)  # of a pixel: where it rounds to STEP, it has rounded to that before


def whole_window(pixels) -> ImageRegion:
    """A picture that was decoded whole: `(height, width, 3)`, uint8."""
    return ImageRegion(pixels, Window.from_rectangle(_box(pixels)))


def all_pixels(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The window that holds a whole picture."""
    return Window.from_box(_box(region.pixels), size=size)


def require_boxed(number, region: ImageRegion, box):
    """Fails, when the graph runs, if a box `(4,)` has no part of a picture."""
    first, edges = box[:2], box[2:]
    there = (first < _box(region.pixels)[2:]) & (first + edges > 0) & (edges > 0)
    what = "`boxes` must be x, y, width, height, with a part of the picture"
    return tf.debugging.Assert(
        tf.reduce_all(there & tf.math.is_finite(edges)),
        [f"{what}. Received: for picture", number, "of this request,", box],
    )


def shrink_image(
    region: ImageRegion, window: Window, size: tuple[int, int]
) -> ImageRegion:
    """Halves the pixels by 2 x 2 means while they are over twice as fine as the grid.

    Args:
        region: Pixels of the picture, and where they lie on it; in float64.
        window: What is to be cut out, on the picture.
        size: Columns and rows of the grid that is laid on the window.
    """

    def too_fine(pixels, place):
        fineness = place.scale(_grid_size(pixels))
        fineness /= window.scale(size)
        return (fineness > 2) & (tf.reduce_min(tf.shape(pixels)[:2]) > 1)

    def halved(pixels, place):
        rows, columns = tf.shape(pixels)[0] // 2, tf.shape(pixels)[1] // 2
        even = pixels[: 2 * rows, : 2 * columns]
        place = place.part(_box(even), _grid_size(pixels))
        # Sums of whole numbers along memory: a quarter of the time of `avg_pool2d`.
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
    return ImageRegion(*tf.while_loop(too_fine, halved, region, shapes))


def crop_windows(region: ImageRegion, window: Window, size: tuple[int, int]):
    """An upright window as a picture of its own, black where there are no pixels.

    Args:
        region: Pixels of the picture, and where they lie on it; in float64.
        window: What to cut out, on the picture.
        size: Width and height of what comes out.

    Returns:
        `(height, width, 3)`, uint8, interpolated linearly.
    """
    corners = tf.constant([[0, 0], [length - 1 for length in size]], tf.float64)
    source = region.place.to_grid(
        window.to_image(corners, size), _grid_size(region.pixels)
    )
    # OpenCV is given the corners in single precision.
    first, last = tf.unstack(tf.cast(tf.cast(source, tf.float32), tf.float64))
    x, y = (
        _places(first[axis], last[axis], length, axis == 0)
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
    mixed = tf.floor(mixed + HALF_UP) if ROUNDING_STEP else tf.round(mixed)
    return tf.reshape(tf.cast(mixed, tf.uint8), (height, width, 3))


def _places(first, last, count: int, across: bool):
    """`(count,)`, float32: evenly spaced, and rounded as OpenCV does it."""
    step, index = (last - first) / (count - 1), tf.range(count, dtype=tf.float64)
    if not ROUNDING_STEP:
        step, index = (tf.cast(values, tf.float32) for values in (step, index))
        return tf.cast(first, tf.float32) + step * index
    parts = (first, step * index) if across else (first + step * index,)
    whole = sum(tf.round(part / MAX_FINENESS) for part in parts)
    return tf.cast(
        tf.floor(whole * (MAX_FINENESS / ROUNDING_STEP) + HALF_UP) * ROUNDING_STEP,
        tf.float32,
    )


def _neighbors(places, count):
    """Index and weights, twice: the lines of pixels on both sides of each place.

    Args:
        places: `(places,)`, in pixels along an axis.
        count: Of pixels along it; beyond them a weight is 0.
    """
    first = tf.floor(places)
    share = places - first
    before = tf.cast(
        tf.clip_by_value(first, -2.0, tf.cast(count, places.dtype)), "int32"
    )
    for index, weights in ((before, 1 - share), (before + 1, share)):
        there = tf.cast((index >= 0) & (index < count), weights.dtype)
        yield tf.clip_by_value(index, 0, count - 1), weights * there


def _flat(pixels, height):
    return tf.cast(tf.reshape(pixels, (height, -1)), tf.float32)


def _grid_size(pixels):
    """Columns and rows, as `geometry` takes a grid's size."""
    return tf.unstack(tf.cast(tf.shape(pixels)[1::-1], tf.float64))


def _box(pixels):
    return tf.stack([0.0, 0.0, *_grid_size(pixels)])


JPEG, SCAN = b"\xff\xd8\xff", b"\xff\xda"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # then width and height, four bytes each
PNG_SIZE = len(PNG), 8


def decode_image(number, data, most_pixels: int):
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
    width, height = _image_size(number, data, jpeg, png)
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


def _image_size(number, data, jpeg, png):
    """Width and height, as the header says them; that it is one is made sure of."""
    length = [tf.strings.length(data), "bytes"]
    known = _require(jpeg | png, number, "must be the bytes of a JPEG or PNG", *length)
    scans = tf.size(tf.strings.split(data, SCAN)) - 1
    short = png | (scans <= MAX_SCANS)
    quick = _require(short, number, f"must have {MAX_SCANS} scans at most", scans)
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
