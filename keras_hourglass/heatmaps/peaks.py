"""The highest pixels of heatmaps, and the pixels around them."""

from keras import ops

RIM = 3  # pixels: what is further in is smoothed by pixels on all sides of it


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
        self.on_rim = ops.minimum(x, y) < RIM

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
