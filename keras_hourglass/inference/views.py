"""Views of an image: the windows that a network is given, and their pixels."""

from os import PathLike
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.warp import (
    BOX_PADDING,
    JOINTS_PADDING,
    crop_to_window,
    shrink,
    warp,
    window_of_extent,
)
from keras_hourglass.geometry import Window
from keras_hourglass.inference.boxes import (
    find_boxes,
    require_overlap,
    validate_boxes,
)
from keras_hourglass.inference.sources.images import to_region

MIN_WINDOW_RATIO = 0.125  # smallest refined window, as a share of the whole image's
# Windows compare peaks, also where scores are calibrated. Of the highest: below the
# first, a joint does not widen a window; from the second on, the window holds it all.
SCORE_RATIOS = 0.25, 0.35
# Smallest window of a detected person for which the image keeps its full resolution.
MIN_BOX_RATIO = 1 / 16
MIN_BEST_SCORE = 0.01  # that peaks are compared with, where the network is untrained
WINDOW_RULES = {  # what another program needs to choose the same windows
    "box_padding": BOX_PADDING,
    "joints_padding": JOINTS_PADDING,
    "min_window_ratio": MIN_WINDOW_RATIO,
    "score_ratios": list(SCORE_RATIOS),
    "min_best_score": MIN_BEST_SCORE,
}


def whole_window(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The window around a whole image."""
    return Window.from_box(region.place.box(), size=size)


def letterbox_window(region: ImageRegion, size: tuple[int, int]) -> Window:
    """The smallest window that holds a whole image, also one of another aspect."""
    return Window.letterbox(region.place.box(), size)


def refine_window(
    joints,
    peaks,
    whole: Window,
    size: tuple[int, int],
    array_library=np,
    rules: dict = WINDOW_RULES,
) -> Window:
    """The window around the joints of the previous pass that have high peaks.

    A continuous function of joints and peaks: rounding errors, which differ between
    this and an exported graph, move the window by as little. So a joint of a middling
    peak is neither in nor out: it is drawn towards the mean of the joints.

    Args:
        joints: `(..., joints, 2)`, image pixels.
        peaks: `(..., joints)`, of their heatmaps, of the same precision.
        whole: The window of the whole image.
        size: Width and height of the new window's grid.
        array_library: `numpy`, or a library of the same functions.
        rules: Those of the network, as `WINDOW_RULES`.
    """
    xp = array_library
    extent = joints_extent(joints, peaks, xp, rules)
    around = window_of_extent(*extent, xp, rules["joints_padding"])
    longer = xp.maximum(whole.right[..., 0], whole.down[..., 1])
    side = xp.maximum(around["side"], rules["min_window_ratio"] * longer)
    return Window.from_center(around["center"], side, size)


def joints_extent(joints, peaks, array_library=np, rules: dict = WINDOW_RULES):
    """Computes the corners around the joints of high peaks; see `refine_window`.

    Returns:
        Two corners, `(..., 2)`, image pixels.
    """
    xp = array_library
    best = xp.max(peaks, axis=-1, keepdims=True)  # maybe below 0, if untrained
    missing = (best - peaks) / xp.maximum(best, rules["min_best_score"])
    low, high = rules["score_ratios"]
    weights = xp.clip((1 - low - missing) / (high - low), 0, 1)[..., None]
    total = xp.sum(weights, axis=-2, keepdims=True)  # at least 1: that of the best
    mean = xp.sum(weights * joints, axis=-2, keepdims=True) / total
    drawn = weights * joints + (1 - weights) * mean
    return xp.min(drawn, axis=-2), xp.max(drawn, axis=-2)


def box_of_joints(joints, peaks, rules: dict = WINDOW_RULES) -> np.ndarray:
    """Computes the box, `(4,)`, whose window is the one around the joints.

    Args:
        joints, peaks, rules: See `refine_window`; of one person.
    """
    low, high = joints_extent(joints, peaks, np, rules)
    longer = max(1.0, (high - low).max())
    margin = longer * (rules["joints_padding"] / rules["box_padding"] - 1) / 2
    sides = np.maximum(high - low, 1.0) + 2 * margin
    return np.append((low + high + 1 - sides) / 2, sides)


def shrink_to_needed(
    region: ImageRegion, scale: float, size: tuple[int, int]
) -> ImageRegion:
    """Shrinks an image to the resolution of its smallest window, to save memory.

    Args:
        region: A whole image.
        scale: The smallest window's edges, as a share of the whole image's.
        size: Width and height of a window's grid.
    """
    smallest = whole_window(region, size).scaled(scale)
    return shrink(region, smallest, size)


def crop_views(
    region: ImageRegion, window: Window, scales, size: tuple[int, int]
) -> np.ndarray:
    """Crops a window at several scales.

    Shrunk by means of 2 x 2 pixels and not smoothed further, as exported graphs do,
    so that both give the same keypoints. Not rounded: a value halfway between two
    integers, as there are many on grids of simple ratios, may be rounded either way.

    Returns:
        `(scales, height, width, 3)`, float32, 0 to 255.
    """
    crops = []
    for scaled in map(window.scaled, scales):
        part = shrink(crop_to_window(region, scaled, size), scaled, size)
        part = part._replace(pixels=part.pixels.astype("float32"))
        crops.append(warp(part, scaled, size))
    return np.stack(crops)


class ImageViews(NamedTuple):
    """The windows of one image.

    Attributes:
        windows: One for each person.
        boxes: `(people, 4)`, boxes of the people; None where one person is searched
            for in the whole image.
        box_scores: `(people,)`, NaN where unknown; None with `boxes`.
        image: The image and the first windows, where a further pass needs them.
        failure: The image as it was given and the error, if it cannot be read, or its
            people not be detected.
    """

    windows: list[Window]
    boxes: np.ndarray | None = None
    box_scores: np.ndarray | None = None
    image: tuple[ImageRegion, list[Window]] | None = None
    failure: tuple | None = None

    def people(self):
        """Yields box and score of the box, or None, of each person: those of `Pose`."""
        if self.boxes is None:
            yield from ((window.box(), None) for window in self.windows)
        else:
            for box, score in zip(self.boxes, self.box_scores):
                yield box, None if np.isnan(score) else float(score)


class ReadImage(NamedTuple):
    """An image in which a detector is to find people.

    Attributes:
        given: The image as it was given.
        region: Its pixels; None if it cannot be read.
        error: The reason.
    """

    given: object
    region: ImageRegion | None = None
    error: Exception | None = None


class ViewBuilder(NamedTuple):
    """Builds the views of images.

    Attributes:
        size: Width and height of the network's input.
        scales: Factors of the windows' edges.
        skip_broken: Makes an image that cannot be read a failure, not an error.
        exif: Turns PIL images as their EXIF orientation says.
        rules: Of the windows, those of the network.
        detector: Finds the people of images that come without boxes.
        refines: Keeps the images of detected people, for a further pass.
    """

    size: tuple[int, int]
    scales: tuple[float, ...]
    skip_broken: bool = False
    exif: bool = True
    rules: dict = WINDOW_RULES
    detector: object = None
    refines: bool = False

    def initial(self, numbered) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of the first pass over an image, without a detector.

        Args:
            numbered: (index, (image, boxes)), the latter as `PoseEstimator` has them.

        Returns:
            The windows and the crops of each, `(scales, height, width, 3)`.
        """
        number, (given, boxes) = numbered
        image = self._read(number, given)
        if boxes is not None or image.error:
            return self.boxed((number, (image, boxes)))
        window = whole_window(image.region, self.size)
        region = self._shrunk(image.region, self.rules["min_window_ratio"])
        return self._with_crops(region, ImageViews([window], image=(region, [window])))

    def boxed(self, numbered) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of people in boxes.

        Args:
            numbered: (index, (`ReadImage`, boxes)).

        Returns:
            As `initial`.
        """
        number, (image, boxes) = numbered
        if image.error:
            return ImageViews([], failure=(image.given, image.error)), []
        named = isinstance(image.given, (str, PathLike))
        name = str(image.given) if named else f"image {number}"
        rows = validate_boxes(boxes, name, scored=True, default_score=np.nan)
        require_overlap(rows, image.region.size, name)
        return self._of_people(image.region, rows[:, :4], rows[:, 4])

    def open(self, numbered):
        """Reads an image, (index, (image, function)), for `find`."""
        number, (given, function) = numbered
        return number, (self._read(number, given), function)

    def find(self, numbered):
        """Finds boxes in an image of `open` by its function, for `boxed`."""
        number, (image, function) = numbered
        boxes = None if image.error else find_boxes(function, image.region.pixels)
        return number, (image, boxes)

    def read(self, numbered) -> tuple[ReadImage, list[np.ndarray]]:
        """Reads an image for the detector.

        Args:
            numbered: (index, (image, None)).

        Returns:
            The image, and what the detector takes of it, one array or none.
        """
        number, (given, _) = numbered
        image = self._read(number, given)
        if image.error:
            return image, []
        return image, [self.detector.prepare(image.region)]

    def detected(self, result) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of the people that the detector has found.

        Args:
            result: (image, what was found in it) of `read`: one entry, an error that
                the detector raised, or none.

        Returns:
            As `initial`.
        """
        image, found = result
        error = image.error
        if error is None and isinstance(found[0], Exception):
            (error,) = found
        if error is not None:
            return ImageViews([], failure=(image.given, error)), []
        region = image.region
        boxes, scores = self.detector.finish(found[0], region)
        return self._of_people(self._shrunk(region, MIN_BOX_RATIO), boxes, scores)

    def refined(
        self, views: ImageViews, keypoints
    ) -> tuple[ImageViews, list[np.ndarray]]:
        """Builds the views of a further pass, around the previous pass's keypoints.

        Raises:
            ValueError: If the keypoints' peaks are NaN or infinite.
        """
        if not views.windows:
            return views, []
        region, first = views.image
        windows = []
        for (joints, peaks), window in zip(keypoints, first):
            if not np.isfinite(peaks).all():
                raise ValueError(
                    "`model` must predict finite heatmaps, from which the second pass "
                    "chooses its window. Received: NaN or infinity"
                )
            peaks = peaks.astype(float)
            windows.append(
                refine_window(joints, peaks, window, self.size, rules=self.rules)
            )
        return self._with_crops(region, views._replace(windows=windows))

    def _read(self, number, given) -> ReadImage:
        try:
            return ReadImage(given, to_region(given, f"image {number}", self.exif))
        except (ImageDecodeError, OSError) as error:
            if not self.skip_broken:
                raise
            return ReadImage(given, error=error)

    def _shrunk(self, region, ratio):
        """Shrinks an image to what windows of a share of its size need."""
        return shrink_to_needed(region, ratio * min(self.scales), self.size)

    def _of_people(self, region, boxes, scores):
        padding = self.rules["box_padding"]
        windows = [Window.from_box(box, padding, self.size) for box in boxes]
        image = (region, windows) if self.refines else None
        return self._with_crops(region, ImageViews(windows, boxes, scores, image))

    def _with_crops(self, region, views):
        return views, [
            crop_views(region, window, self.scales, self.size)
            for window in views.windows
        ]
