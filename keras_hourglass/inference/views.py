"""Views of an image: the windows that a network is given, and their pixels."""

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

MIN_WINDOW_RATIO = 0.125  # smallest refined window, as a share of the whole image's
MIN_SCORE_RATIO = 0.3  # of the highest score: lower joints do not widen a window


def whole_window(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The window around a whole image."""
    return Window.from_box(region.place.box(), size=size)


def refine_window(joints, scores, whole: Window, size: tuple[int, int]) -> Window:
    """The window around the joints of the previous pass that have high scores.

    In whole pixels, so that an exported graph, with the rounding errors of other
    arithmetic, gets the same window.

    Args:
        joints: `(joints, 2)`, image pixels.
        scores: `(joints,)`
        whole: The window of the whole image.
        size: Width and height of the new window's grid.
    """
    best = scores.max()  # maybe below 0, in an untrained network
    around = window_of_joints(joints, scores >= min(MIN_SCORE_RATIO * best, best))
    min_side = MIN_WINDOW_RATIO * max(whole.right[0], whole.down[1])
    side = np.maximum(around["side"], min_side)
    return Window.from_center(*round_window(around["center"], side), size)


def shrink_to_needed(
    region: ImageRegion, scale: float, size: tuple[int, int]
) -> ImageRegion:
    """Shrinks an image to the resolution of its smallest window, to save memory.

    Args:
        region: A whole image.
        scale: The smallest factor of a window's edges.
        size: Width and height of a window's grid.
    """
    smallest = whole_window(region, size).scaled(MIN_WINDOW_RATIO * scale)
    return shrink(region, smallest, size)


def crop_views(
    region: ImageRegion, window: Window, scales, size: tuple[int, int]
) -> np.ndarray:
    """Crops a window at several scales.

    Shrunk by means of 2 x 2 pixels and not smoothed further, as exported graphs do,
    so that both give the same keypoints.

    Returns:
        `(scales, height, width, 3)`, uint8.
    """
    crops = []
    for scaled in map(window.scaled, scales):
        part = crop_to_window(region, scaled, size)
        crops.append(warp(shrink(part, scaled, size), scaled, size))
    return np.stack(crops)


class ImageViews(NamedTuple):
    """The windows of one image.

    Attributes:
        windows: One for each person.
        boxes: `(4,)` for each person: `Pose.box`.
        whole: The image and the window around all of it, where windows are refined.
        failure: The image as it was given and the error, if it cannot be read.
    """

    windows: list[Window]
    boxes: np.ndarray | list
    whole: tuple[ImageRegion, Window] | None = None
    failure: tuple | None = None


class ViewBuilder(NamedTuple):
    """Builds the views of images.

    Attributes:
        size: Width and height of the network's input.
        scales: Factors of the windows' edges.
        skip_broken: Makes an image that cannot be read a failure, not an error.
        exif: Turns PIL images as their EXIF orientation says.
    """

    size: tuple[int, int]
    scales: tuple[float, ...]
    skip_broken: bool = False
    exif: bool = True

    def initial(self, numbered) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of the first pass.

        Args:
            numbered: (index, (image, boxes)), the latter as `PoseEstimator` has them.

        Returns:
            The windows and the crops of each, `(scales, height, width, 3)`.
        """
        number, (image, boxes) = numbered
        name = f"image {number}"
        try:
            region = to_region(image, name, self.exif)
        except (ImageDecodeError, OSError) as error:
            if not self.skip_broken:
                raise
            return ImageViews([], [], failure=(image, error)), []
        if boxes is None:
            window = whole_window(region, self.size)
            region = shrink_to_needed(region, min(self.scales), self.size)
            views = ImageViews([window], [window.box()], (region, window))
            return self._with_crops(region, views)
        boxes = boxes(region.pixels) if callable(boxes) else boxes
        boxes = require_overlap(validate_boxes(boxes, name), region.size, name)
        windows = [Window.from_box(box, BOX_PADDING, self.size) for box in boxes]
        return self._with_crops(region, ImageViews(windows, boxes))

    def refined(
        self, views: ImageViews, keypoints
    ) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of a further pass, around the previous pass's keypoints."""
        if views.failure:
            return views, []
        ((joints, scores),), (region, whole) = keypoints, views.whole
        window = refine_window(joints, scores, whole, self.size)
        views = ImageViews([window], [window.box()], views.whole)
        return self._with_crops(region, views)

    def _with_crops(self, region, views):
        return views, [
            crop_views(region, window, self.scales, self.size)
            for window in views.windows
        ]
