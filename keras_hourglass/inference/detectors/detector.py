"""Detectors: functions of an image that give boxes, and what all detectors share."""

import logging

import numpy as np

from keras_hourglass.inference.boxes import find_boxes, overlaps, validate_boxes
from keras_hourglass.inference.sources.images import to_region
from keras_hourglass.inference.suppression import MAX_PEOPLE
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.utils import plural

logger = logging.getLogger(__name__)


class DetectorError(ValueError):
    """Raised where a detector fails on an image, or returns anything but boxes."""


class Detector:
    """Detects the people in an image: the base of all detectors.

    A detection has three steps, so that many images are read and shrunk in threads,
    and detected in batches: `prepare`, `detect`, `finish`. A subclass has these.

    Args:
        name: Name for messages.
        min_score: Boxes of lower scores are left out.
        max_people: Boxes of an image, at most: those of the highest scores.

    Attributes:
        takes_batches: Whether `detect` takes several images at once.

    Raises:
        ValueError: If a limit is out of range.
    """

    takes_batches = False

    def __init__(self, name: str, min_score: float, max_people: int | None = None):
        self.name = name
        self._set_limits(min_score, MAX_PEOPLE if max_people is None else max_people)

    def _set_limits(self, min_score, max_people):
        validate_positive_integers(max_people=max_people)
        if np.isnan(min_score):
            raise ValueError(
                f"`min_score` must be a number. Received: min_score={min_score}"
            )
        self.min_score, self.max_people = min_score, max_people

    def with_limits(
        self, min_score: float | None = None, max_people: int | None = None
    ) -> "Detector":
        """Makes a detector of other limits, which shares the network; see `Detector`.

        Args:
            min_score, max_people: By default, those of this detector, which is
                returned if neither is given.
        """
        if min_score is None and max_people is None:
            return self
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other._set_limits(
            self.min_score if min_score is None else min_score,
            self.max_people if max_people is None else max_people,
        )
        return other

    def __call__(self, image, exif: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Detects people.

        Args:
            image: Path, bytes, PIL image or array; see `PoseEstimator`.
            exif: Whether a PIL image is turned as its EXIF orientation says.

        Returns:
            Boxes `(people, 4)`: x and y of the first pixel, width and height, in image
            pixels; and scores `(people,)`, the highest first.

        Raises:
            OSError: If there is no such file.
            DetectorError: If the detector fails, or returns anything but boxes.
            ValueError: If it is not an image, or the detector lacks a package.
        """
        region = to_region(image, exif=exif)
        (found,) = self.detect(self.prepare(region)[None])
        return self.finish(found, region)

    def prepare(self, region) -> np.ndarray:
        """Makes the array of an `ImageRegion` that `detect` takes."""
        raise NotImplementedError

    def detect(self, inputs, min_batch: int = 1) -> list:
        """Detects people in a batch of arrays; gives what `finish` takes, for each.

        Args:
            inputs: `(images, ...)`, of `prepare`; one unless `takes_batches`.
            min_batch: The size to which a network that is compiled pads the batch.
        """
        raise NotImplementedError

    def finish(self, found, region) -> tuple[np.ndarray, np.ndarray]:
        """Makes boxes and scores of what was found in a region, within the limits."""
        raise NotImplementedError

    def limit(self, boxes, scores) -> tuple[np.ndarray, np.ndarray]:
        """Leaves out boxes of low scores, and those that are too many, in order."""
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= self.min_score][: self.max_people]
        return boxes[order], scores[order]


class FunctionDetector(Detector):
    """A function of an image as a detector. Its boxes are validated.

    Args:
        function: Of an image `(height, width, 3)`, uint8, RGB, which gives boxes
            `(people, 4)`, `(people, 5)` with scores, or boxes and scores.
        name, min_score, max_people: See `Detector`.
    """

    def __init__(
        self,
        function,
        name: str,
        min_score: float | None = None,
        max_people: int | None = None,
    ):
        super().__init__(name, 0.0 if min_score is None else min_score, max_people)
        self.function = function

    def prepare(self, region):
        return region.pixels

    def detect(self, inputs, min_batch: int = 1) -> list:
        return [self._rows(image) for image in inputs]

    def finish(self, found, region):
        inside = overlaps(found, region.size)
        if not inside.all():
            logger.warning(
                "detector %r: %s wholly outside the image, which is %s x %s, and left "
                "out, first %s",
                self.name,
                plural(int((~inside).sum()), "box lies", "boxes lie"),
                *(*region.size, found[~inside][0, :4].tolist()),
            )
        return self.limit(found[inside, :4], found[inside, 4])

    def _rows(self, image):
        """`(people, 5)`: boxes and scores of one image."""
        try:
            found = find_boxes(self.function, image)
        except ImportError as error:
            raise ValueError(f"detector {self.name!r}: {error}") from error
        except (Exception, SystemExit) as error:  # of a plugin: anything
            raise DetectorError(
                f"detector {self.name!r} failed: {describe_error(error)}"
            ) from error
        try:
            return validate_boxes(found, scored=True)
        except ValueError as error:
            raise DetectorError(f"detector {self.name!r}: {error}") from error


def describe_error(error: BaseException) -> str:
    """Describes an error of a plugin's code: its type, and the message's first line."""
    lines = str(error).strip().splitlines()
    return ": ".join((type(error).__name__, *lines[:1]))
