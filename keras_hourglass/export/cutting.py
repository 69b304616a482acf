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
    (top, bottom), down = _neighbors(region.pixels, y, axis=0)
    across = [_neighbors(line, x, axis=1) for line in (top, bottom)]
    lines = [_between(*pair, share[:, None]) for pair, share in across]
    mixed = _between(*lines, down[:, None, None])
    mixed = tf.floor(mixed + HALF_UP) if STEP else tf.round(mixed)
    return tf.ensure_shape(tf.cast(mixed, tf.uint8), (*size[::-1], 3))


def _places(first, last, count: int, across: bool):
    """`(count,)`, float32: evenly spaced, and rounded as OpenCV does it."""
    step, index = (last - first) / (count - 1), tf.range(count, dtype=tf.float64)
    if not STEP:
        step, index = (tf.cast(values, tf.float32) for values in (step, index))
        return tf.cast(first, tf.float32) + step * index
    parts = (first, step * index) if across else (first + step * index,)
    whole = sum(tf.round(part / FINER) for part in parts)
    return tf.cast(tf.floor(whole * (FINER / STEP) + HALF_UP) * STEP, tf.float32)


def _neighbors(pixels, places, axis):
    """Both lines of pixels beside each place, 0 beyond the rim, and its share of them.

    Args:
        pixels: `(height, width, 3)`, uint8.
        places: `(places,)`, in pixels along the axis.
        axis: 0 for rows, 1 for columns.

    Returns:
        Two arrays like `pixels`, and `(places,)`: how far each is from the first.
    """
    count = tf.shape(pixels)[axis]
    first = tf.floor(places)
    index = tf.cast(
        tf.clip_by_value(first, -2.0, tf.cast(count, places.dtype)), "int32"
    )

    def line(index):
        there = (index >= 0) & (index < count)
        found = tf.gather(pixels, tf.clip_by_value(index, 0, count - 1), axis=axis)
        shape = (-1, 1) if axis else (-1, 1, 1)
        return tf.where(tf.reshape(there, shape), found, tf.zeros((), found.dtype))

    return (line(index), line(index + 1)), places - first


def _between(first, second, share):
    first, second = (tf.cast(values, tf.float32) for values in (first, second))
    return first + share * (second - first)


def _size(pixels):
    """Columns and rows, as `geometry` takes a grid's size."""
    return tf.unstack(tf.cast(tf.shape(pixels)[1::-1], tf.float64))


def _box(pixels):
    return tf.stack([0.0, 0.0, *_size(pixels)])
