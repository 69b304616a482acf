"""The highest pixels of heatmaps, and the pixels around them.

Ways to read a joint to a fraction of a heatmap's pixel, each by its name.

`quarter` is that of Newell et al. (Stacked Hourglass Networks, ECCV 2016,
https://arxiv.org/abs/1603.06937), `dark` that of Zhang et al. (Distribution-Aware
Coordinate Representation for Human Pose Estimation, CVPR 2020,
https://arxiv.org/abs/1910.06278), `newton` the same without smoothing: exact where
there is no noise. docs/performance.md measures them.

Joints read from heatmaps: the highest pixel, and what a decoder adds to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops

from keras_hourglass.utils import suggest

BORDER = 3  # pixels: what is further in is smoothed by pixels on all sides of it


class Peaks:
    """Where heatmaps are highest.

    On the rim there is no pixel beyond: there, the inner neighbor of the highest pixel
    stands in as the middle of the 3 x 3 pixels that a decoder looks at.

    Args:
        maps: `(batch, height, width, joints)`
        smooth: The same, smoothed, if the highest pixels are to be those, and the
            pixels around them, but for a rim of `RIM`, where smoothing moves them.

    Attributes:
        x, y: `(batch, joints)`, the highest pixel.
        middle: The same of the pixel that stands in for it.
    """

    def __init__(self, maps, smooth=None):
        _, height, self.width, joints = maps.shape
        flat = (-1, height * self.width, joints)
        self.maps = ops.reshape(maps, flat)
        self.smooth = None if smooth is None else ops.reshape(smooth, flat)
        heights = self.maps if smooth is None else self.smooth
        # Of whole numbers, for `argmax` of others looks at the sign of zeros by their
        # bits, which takes longer, and runtimes for small devices cannot.
        top = ops.cast(heights == ops.max(heights, axis=1, keepdims=True), "int32")
        highest = ops.argmax(top, axis=1)
        self.x, self.y = highest % self.width, highest // self.width
        x, y = ops.clip(self.x, 1, self.width - 2), ops.clip(self.y, 1, height - 2)
        self.middle = x, y
        x, y = (
            ops.minimum(place, length - 1 - place)
            for place, length in [(self.x, self.width), (self.y, height)]
        )
        self.on_rim = ops.minimum(x, y) < BORDER

    def near(self, dx: int, dy: int):
        """`(batch, joints)`, the values so many pixels from the middle."""
        x, y = self.middle
        index = ((y + dy) * self.width + x + dx)[:, None]
        plain = ops.take_along_axis(self.maps, index, axis=1)[:, 0]
        if self.smooth is None:
            return plain
        smooth = ops.take_along_axis(self.smooth, index, axis=1)[:, 0]
        return ops.where(self.on_rim, plain, smooth)

    def settled(self, step_x, step_y):
        """(x, y) of steps from the middle, at most half a pixel from the highest."""
        for peak, middle, step in zip((self.x, self.y), self.middle, (step_x, step_y)):
            peak, middle = ops.cast(peak, step.dtype), ops.cast(middle, step.dtype)
            yield ops.clip(middle + step, peak - 0.5, peak + 0.5)


FLOOR = 1e-6  # of a heatmap's values before their logarithm is taken
# Heatmap pixels: the deviation of what `dark` smooths by. The paper has that of the
# training's Gaussians, 1 or 2: sure joints then are less exact than without.
BLUR_SIGMA = 0.7


@dataclass(frozen=True)
class Decoder:
    """One way.

    Attributes:
        says: What it does, and whose it is.
        step: `Peaks` -> (x, y), each `(batch, joints)`, pixels from their middle.
        smooth: Smooths heatmaps `(batch, height, width, joints)` before.
    """

    says: str
    step: Callable
    smooth: Callable | None = None


def argmax(peaks):
    """To the highest pixel itself: from where another stands in, that far."""
    value = peaks.near(0, 0)
    return tuple(
        ops.cast(peak - middle, value.dtype)
        for peak, middle in zip((peaks.x, peaks.y), peaks.middle)
    )


def quarter(peaks):
    """A quarter of a pixel towards the higher neighbor; on the rim, none."""
    slopes = (
        peaks.near(1, 0) - peaks.near(-1, 0),
        peaks.near(0, 1) - peaks.near(0, -1),
    )
    return tuple(
        ops.where(back == 0, 0.25 * ops.sign(slope), back)
        for slope, back in zip(slopes, argmax(peaks))
    )


def newton(peaks):
    """To the top of the Gaussian through the 3 x 3 pixels: exact without noise."""

    def log_at(dx, dy):
        return ops.log(ops.maximum(peaks.near(dx, dy), FLOOR))

    middle, east, west = log_at(0, 0), log_at(1, 0), log_at(-1, 0)
    south, north = log_at(0, 1), log_at(0, -1)
    slope_x, slope_y = (east - west) / 2, (south - north) / 2
    bend_x, bend_y = east + west - 2 * middle, south + north - 2 * middle
    twist = (log_at(1, 1) + log_at(-1, -1) - log_at(1, -1) - log_at(-1, 1)) / 4
    # Newton's step to the top, where the surface bends down in all directions.
    determinant = bend_x * bend_y - twist * twist
    top = (determinant > FLOOR) & (bend_x < 0)
    safe = ops.where(top, determinant, 1.0)
    return (
        ops.where(top, (twist * slope_y - bend_y * slope_x) / safe, 0.0),
        ops.where(top, (twist * slope_x - bend_x * slope_y) / safe, 0.0),
    )


def blur(maps):
    """Heatmaps smoothed by a Gaussian; on the rim, by what there is of it."""
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
    "newton": Decoder("the top of the Gaussian through the 3 x 3 pixels", newton),
    "dark": Decoder("the same, once noise is smoothed", newton, blur),
}
DEFAULT_DECODER = "dark"


def validate_decoder(decoder: str) -> str:
    """The name of a decoder, once it is sure that there is one.

    Raises:
        ValueError: If there is none; with a guess at what was meant.
    """
    if decoder in DECODERS:
        return decoder
    raise ValueError(
        f"`decoder` must be a decoder's name. {suggest(decoder, DECODERS)} "
        f"Received: decoder={decoder!r}"
    )


def decode(
    heatmaps, offset: tuple[float, float] = (0, 0), decoder: str = DEFAULT_DECODER
):
    """Reads each joint: where its heatmap is highest, to a fraction of a pixel.

    Args:
        heatmaps: `(..., height, width, joints)`
        offset: (x, y), in heatmap pixels, that is added.
        decoder: A key of `DECODERS`: how the fraction is found, half a pixel at most.

    Returns:
        points `(..., joints, 2)`, x before y, in heatmap pixels; and scores
        `(..., joints)`, the heights of the peaks.

    Raises:
        ValueError: If there is no such decoder.
    """
    chosen = DECODERS[validate_decoder(decoder)]
    *_, height, width, joints = heatmaps.shape
    maps = ops.reshape(heatmaps, (-1, height, width, joints))
    scores = ops.max(maps, axis=(1, 2))
    peaks = Peaks(maps, chosen.smooth and chosen.smooth(maps))
    points = ops.stack([*peaks.settled(*chosen.step(peaks))], axis=-1)
    points = points + ops.convert_to_tensor(offset, dtype=points.dtype)
    lead = ops.shape(heatmaps)[:-3]
    return ops.reshape(points, (*lead, joints, 2)), ops.reshape(scores, (*lead, joints))
