"""Windows that the network is to look at: which they are, and their pixels.

What is looked at of each picture, look after look.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.warp import (
    BOX_PADDING,
    crop_to_window,
    shrink,
    warp,
    window_of_joints,
)
from keras_hourglass.geometry import Window, round_window
from keras_hourglass.inference.boxes import require_overlap, validate_boxes
from keras_hourglass.inference.images import to_region

MIN_WINDOW_RATIO = 0.125  # of the whole picture: no look is nearer, whatever was found
MIN_SCORE_RATIO = 0.3  # of the highest score: joints below do not widen the next look


def whole_window(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The window that holds all of a picture that was read whole."""
    return Window.from_box(region.place.box(), size=size)


def refine_window(joints, scores, first: Window, size: tuple[int, int]) -> Window:
    """The window around joints that were found, of those that are sure enough.

    In whole pixels, so that the exported graph's, with the noise of other arithmetic,
    is the same.

    Args:
        joints: `(joints, 2)`, picture pixels.
        scores: `(joints,)`
        first: The window of the whole picture.
        size: Columns and rows of the grid that is to be laid on the new one.
    """
    best = scores.max()  # below 0, maybe, in a network that has learnt nothing
    near = window_of_joints(joints, scores >= min(MIN_SCORE_RATIO * best, best))
    least = MIN_WINDOW_RATIO * max(first.right[0], first.down[1])
    return Window.from_center(
        *round_window(near["center"], np.maximum(near["side"], least)), size
    )


def shrink_to_needed(
    region: ImageRegion, scale: float, size: tuple[int, int]
) -> ImageRegion:
    """As much of a picture as any look at it needs, so that many can be kept.

    Args:
        region: A picture that was read whole.
        scale: The smallest that a window's edges are multiplied by.
        size: Columns and rows of the grid.
    """
    return shrink(
        region, whole_window(region, size).scaled(MIN_WINDOW_RATIO * scale), size
    )


def crop_views(
    region: ImageRegion, window: Window, scales, size: tuple[int, int]
) -> np.ndarray:
    """`(scales, height, width, 3)`: a window's pixels, as the network sees them.

    Shrunk by means of 2 x 2 pixels, and not further smoothed, as the graphs do that
    `hourglass-keras export` writes: the same joints are found.
    """
    images = []
    for scaled in map(window.scaled, scales):
        part = crop_to_window(region, scaled, size)
        images.append(warp(shrink(part, scaled, size), scaled, size))
    return np.stack(images)


class ImageViews(NamedTuple):
    """A picture, and where people are looked for on it.

    Attributes:
        windows: One for each person.
        boxes: `(4,)` for each person: what is said of where one was looked for.
        kept: The picture and the window of all of it, if it is looked at again.
        failure: The picture as it was given and the error, if it cannot be read.
    """

    windows: list[Window]
    boxes: np.ndarray | list
    kept: tuple[ImageRegion, Window] | None = None
    failure: tuple | None = None


class ViewBuilder(NamedTuple):
    """How pictures are looked at.

    Attributes:
        size: Width and height of the images that the network sees.
        scales: What the windows' edges are multiplied by.
        forgiving: Whether a picture that cannot be read is no error.
    """

    size: tuple[int, int]
    scales: tuple[float, ...]
    forgiving: bool = False

    def first(self, numbered) -> tuple[ImageViews, list[np.ndarray]]:
        """A sight and its images, of (number, (picture, boxes)) as they were given."""
        number, (image, around) = numbered
        name = f"picture {number}"
        try:
            read = to_region(image, name)
        except (ImageDecodeError, OSError) as error:
            if not self.forgiving:
                raise
            return ImageViews([], [], failure=(image, error)), []
        if around is None:
            window = whole_window(read, self.size)
            kept = shrink_to_needed(read, min(self.scales), self.size)
            return self._seen(
                kept, ImageViews([window], [window.box()], (kept, window))
            )
        around = around(read.pixels) if callable(around) else around
        people = require_overlap(validate_boxes(around, name), read.size, name)
        crops = [Window.from_box(box, BOX_PADDING, self.size) for box in people]
        return self._seen(read, ImageViews(crops, people))

    def nearer(self, sight: ImageViews, found) -> tuple[ImageViews, list[np.ndarray]]:
        """The next look at a picture: around the joints and scores of the last."""
        if sight.failure:
            return sight, []
        ((joints, scores),), (read, first) = found, sight.kept
        window = refine_window(joints, scores, first, self.size)
        return self._seen(read, ImageViews([window], [window.box()], sight.kept))

    def _seen(self, read, sight):
        look = [crop_views(read, w, self.scales, self.size) for w in sight.windows]
        return sight, look
