"""Cutting windows out of pixels within a graph, with the arithmetic of `data.warp`."""

import tensorflow as tf

from keras_hourglass.data.picture import Region
from keras_hourglass.data.warp import STEP
from keras_hourglass.geometry import Crop

HALF_UP = 0.5  # to the nearest, as OpenCV rounds means
FINER = 2**-10  # of a pixel: where it rounds to STEP, it has rounded to that before


def whole(pixels) -> Region:
    """A picture that was decoded whole: `(height, width, 3)`, uint8."""
    return Region(pixels, Crop.of_rectangle(_box(pixels)))


def everything(region: Region, size: tuple[int, int]) -> Crop:
    """The window that holds a whole picture."""
    return Crop.of_box(_box(region.pixels), size=size)


def require_boxed(number, region: Region, box):
    """Fails, when the graph runs, if a box `(4,)` has no part of a picture."""
    first, edges = box[:2], box[2:]
    there = (first < _box(region.pixels)[2:]) & (first + edges > 0) & (edges > 0)
    what = "`boxes` must be x, y, width, height, with a part of the picture"
    return tf.debugging.Assert(
        tf.reduce_all(there & tf.math.is_finite(edges)),
        [f"{what}. Received: for picture", number, "of this request,", box],
    )


def shrink(region: Region, window: Crop, size: tuple[int, int]) -> Region:
    """Halves the pixels by 2 x 2 means while they are over twice as fine as the grid.

    Args:
        region: Pixels of the picture, and where they lie on it; in float64.
        window: What is to be cut out, on the picture.
        size: Columns and rows of the grid that is laid on the window.
    """

    def too_fine(pixels, place):
        fineness = place.pixels_per_image_pixel(_size(pixels))
        fineness /= window.pixels_per_image_pixel(size)
        return (fineness > 2) & (tf.reduce_min(tf.shape(pixels)[:2]) > 1)

    def halved(pixels, place):
        rows, columns = tf.shape(pixels)[0] // 2, tf.shape(pixels)[1] // 2
        even = pixels[: 2 * rows, : 2 * columns]
        place = place.part(_box(even), _size(pixels))
        # Sums of whole numbers along memory: a quarter of the time of `avg_pool2d`.
        lines = tf.reshape(even, (rows, 2, 6 * columns))
        sums = tf.cast(lines[:, 0], tf.uint16) + tf.cast(lines[:, 1], tf.uint16)
        pairs = tf.reshape(sums, (rows, columns, 6))
        fours = pairs[..., :3] + pairs[..., 3:]
        return Region(
            tf.cast(
                tf.bitwise.right_shift(fours + 2, tf.constant(2, tf.uint16)), tf.uint8
            ),
            place,
        )

    shapes = Region(tf.TensorShape((None, None, 3)), Crop(*[tf.TensorShape(2)] * 3))
    return Region(*tf.while_loop(too_fine, halved, region, shapes))


def cut(region: Region, window: Crop, size: tuple[int, int]):
    """An upright window as a picture of its own, black where there are no pixels.

    Args:
        region: Pixels of the picture, and where they lie on it; in float64.
        window: What to cut out, on the picture.
        size: Width and height of what comes out.

    Returns:
        `(height, width, 3)`, uint8, interpolated linearly.
    """
    corners = tf.constant([[0, 0], [length - 1 for length in size]], tf.float64)
    source = region.place.to_grid(window.to_image(corners, size), _size(region.pixels))
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
    mixed = tf.floor(mixed + HALF_UP) if STEP else tf.round(mixed)
    return tf.reshape(tf.cast(mixed, tf.uint8), (height, width, 3))


def _places(first, last, count: int, across: bool):
    """`(count,)`, float32: evenly spaced, and rounded as OpenCV does it."""
    step, index = (last - first) / (count - 1), tf.range(count, dtype=tf.float64)
    if not STEP:
        step, index = (tf.cast(values, tf.float32) for values in (step, index))
        return tf.cast(first, tf.float32) + step * index
    parts = (first, step * index) if across else (first + step * index,)
    whole = sum(tf.round(part / FINER) for part in parts)
    return tf.cast(tf.floor(whole * (FINER / STEP) + HALF_UP) * STEP, tf.float32)


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


def _size(pixels):
    """Columns and rows, as `geometry` takes a grid's size."""
    return tf.unstack(tf.cast(tf.shape(pixels)[1::-1], tf.float64))


def _box(pixels):
    return tf.stack([0.0, 0.0, *_size(pixels)])
