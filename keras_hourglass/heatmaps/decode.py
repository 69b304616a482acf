"""Decoding of heatmaps into keypoints with sub-pixel precision.

A decoder finds the highest pixel of each heatmap and refines it by the 3 x 3 pixels
around. `quarter` is that of Newell et al., Stacked Hourglass Networks, ECCV 2016,
https://arxiv.org/abs/1603.06937. `dark` is that of Zhang et al., Distribution-Aware
Coordinate Representation for Human Pose Estimation, CVPR 2020,
https://arxiv.org/abs/1910.06278, and `newton` the same without smoothing: exact on
heatmaps without noise. docs/performance.md compares them.

The same lines run on tensors, by `keras.ops`, and on arrays, by `NUMPY`, without Keras.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.heatmaps.array_library import keras_ops

BORDER = 3  # pixels: within it, smoothing lacks neighbors on one side, and is not used
MIN_VALUE = 1e-6  # of a heatmap, before its logarithm is taken
# Heatmap pixels: the standard deviation of the smoothing of `dark`. The paper takes
# that of the training's Gaussians, 1 or 2, which makes confident keypoints less exact.
BLUR_SIGMA = 0.7


class Peaks:
    """The highest pixel of each heatmap, and the 3 x 3 pixels around it.

    At the edge of a heatmap, where neighbors are missing, the 3 x 3 pixels are those
    around the nearest inner pixel.

    Args:
        maps: `(batch, height, width, joints)`.
        smooth: The same, smoothed: used for finding the peaks and for the pixels
            around them, except within `BORDER` of the edge, where smoothing shifts
            them.
        array_library: `keras.ops`, or `NUMPY`.

    Attributes:
        x, y: `(batch, joints)`, the highest pixel.
        center: (x, y), each `(batch, joints)`, the center of the 3 x 3 pixels.
    """

    def __init__(self, maps, smooth=None, array_library=None):
        self.xp = ops = array_library or keras_ops()
        _, height, self.width, joints = maps.shape
        flat = (-1, height * self.width, joints)
        self.maps = ops.reshape(maps, flat)
        self.smooth = None if smooth is None else ops.reshape(smooth, flat)
        values = self.maps if smooth is None else self.smooth
        # Integers: `argmax` of floats compares bits to order signed zeros, which is
        # slower, and which runtimes for small devices do not support.
        top = ops.cast(values == ops.max(values, axis=1, keepdims=True), "int32")
        highest = ops.argmax(top, axis=1)
        self.x, self.y = highest % self.width, highest // self.width
        x, y = ops.clip(self.x, 1, self.width - 2), ops.clip(self.y, 1, height - 2)
        self.center = x, y
        x, y = (
            ops.minimum(position, length - 1 - position)
            for position, length in [(self.x, self.width), (self.y, height)]
        )
        self.on_border = ops.minimum(x, y) < BORDER

    def value_at(self, dx: int, dy: int):
        """Returns the values at an offset from the centers, `(batch, joints)`."""
        ops, (x, y) = self.xp, self.center
        index = ((y + dy) * self.width + x + dx)[:, None]
        plain = ops.take_along_axis(self.maps, index, axis=1)[:, 0]
        if self.smooth is None:
            return plain
        smooth = ops.take_along_axis(self.smooth, index, axis=1)[:, 0]
        return ops.where(self.on_border, plain, smooth)

    def refined(self, dx, dy):
        """Yields x and y at an offset from the centers.

        They are clipped to half a pixel from the highest pixel.
        """
        ops = self.xp
        for peak, center, offset in zip((self.x, self.y), self.center, (dx, dy)):
            peak, center = ops.cast(peak, offset.dtype), ops.cast(center, offset.dtype)
            yield ops.clip(center + offset, peak - 0.5, peak + 0.5)


@dataclass(frozen=True)
class Decoder:
    """A method to refine peaks.

    Attributes:
        description: In a few words.
        refine: `Peaks` -> (dx, dy), each `(batch, joints)`: pixels from their centers.
        smooth: Smooths heatmaps `(batch, height, width, joints)` beforehand: a function
            of them and of the array library.
    """

    description: str
    refine: Callable
    smooth: Callable | None = None


def argmax(peaks):
    """Returns the offset of the highest pixel itself; 0 but at the edge."""
    value = peaks.value_at(0, 0)
    return tuple(
        peaks.xp.cast(peak - center, value.dtype)
        for peak, center in zip((peaks.x, peaks.y), peaks.center)
    )


def quarter(peaks):
    """Returns a quarter of a pixel towards the higher neighbor; none at the edge."""
    ops = peaks.xp
    slopes = (
        peaks.value_at(1, 0) - peaks.value_at(-1, 0),
        peaks.value_at(0, 1) - peaks.value_at(0, -1),
    )
    return tuple(
        ops.where(offset == 0, 0.25 * ops.sign(slope), offset)
        for slope, offset in zip(slopes, argmax(peaks))
    )


def newton(peaks):
    """Returns the offset of the maximum of the Gaussian through the 3 x 3 pixels."""
    ops = peaks.xp

    def log_at(dx, dy):
        return ops.log(ops.maximum(peaks.value_at(dx, dy), MIN_VALUE))

    center, east, west = log_at(0, 0), log_at(1, 0), log_at(-1, 0)
    south, north = log_at(0, 1), log_at(0, -1)
    slope_x, slope_y = (east - west) / 2, (south - north) / 2
    bend_x, bend_y = east + west - 2 * center, south + north - 2 * center
    twist = (log_at(1, 1) + log_at(-1, -1) - log_at(1, -1) - log_at(-1, 1)) / 4
    # Newton's step to the maximum, where the Hessian is negative definite.
    determinant = bend_x * bend_y - twist * twist
    concave = (determinant > MIN_VALUE) & (bend_x < 0)
    safe = ops.where(concave, determinant, 1.0)
    return (
        ops.where(concave, (twist * slope_y - bend_y * slope_x) / safe, 0.0),
        ops.where(concave, (twist * slope_x - bend_x * slope_y) / safe, 0.0),
    )


def blur(maps, array_library=None):
    """Smooths heatmaps by a Gaussian, normalized by its part inside the heatmap."""
    ops = array_library or keras_ops()
    for axis in (1, 2):
        places = ops.arange(maps.shape[axis], dtype=maps.dtype)
        distance = (places[:, None] - places) / BLUR_SIGMA
        weights = ops.exp(-0.5 * ops.square(distance))
        weights = weights / ops.sum(weights, axis=-1, keepdims=True)
        maps = ops.moveaxis(ops.tensordot(weights, maps, [[1], [axis]]), 0, axis)
    return maps


DECODERS = {
    "argmax": Decoder("the highest pixel", argmax),
    "quarter": Decoder("a quarter of a pixel towards the higher neighbor", quarter),
    "newton": Decoder("the maximum of the Gaussian through the 3 x 3 pixels", newton),
    "dark": Decoder("the same, after smoothing", newton, blur),
}


def decode(
    heatmaps,
    offset: tuple[float, float] = (0, 0),
    decoder: str = DEFAULT_DECODER,
    array_library=None,
):
    """Decodes heatmaps into keypoints: the peaks, with sub-pixel precision.

    Args:
        heatmaps: `(..., height, width, joints)`.
        offset: (x, y), in heatmap pixels, that is added to all keypoints.
        decoder: A key of `DECODERS`. All stay within half a pixel of the highest pixel.
        array_library: `NUMPY` for arrays; by default `keras.ops`.

    Returns:
        Points `(..., joints, 2)`, x before y, in heatmap pixels; and scores
        `(..., joints)`, the heatmaps' highest values.

    Raises:
        ValueError: If there is no such decoder.
    """
    ops = array_library or keras_ops()
    method = DECODERS[validate_decoder(decoder)]
    *_, height, width, joints = heatmaps.shape
    maps = ops.reshape(heatmaps, (-1, height, width, joints))
    scores = ops.max(maps, axis=(1, 2))
    smooth = method.smooth and method.smooth(maps, ops)
    peaks = Peaks(maps, smooth, ops)
    points = ops.stack([*peaks.refined(*method.refine(peaks))], axis=-1)
    points = points + ops.convert_to_tensor(offset, dtype=points.dtype)
    lead = ops.shape(heatmaps)[:-3]
    return ops.reshape(points, (*lead, joints, 2)), ops.reshape(scores, (*lead, joints))
