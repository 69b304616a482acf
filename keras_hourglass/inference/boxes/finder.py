"""Boxes of people in frames: given ones, a file's, or a detector's."""

import logging
from os import PathLike

import numpy as np

from keras_hourglass.inference.boxes import require_overlap, validate_boxes
from keras_hourglass.inference.boxes.files import read_boxes
from keras_hourglass.inference.detectors import load_detector
from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.sources import Failures
from keras_hourglass.inference.sources.frames import InputFrame
from keras_hourglass.utils import plural

logger = logging.getLogger(__name__)


class BoxFinder:
    """Finds the boxes of people in frames: given ones, a file's, or a detector's.

    Args:
        boxes: Boxes for every frame, `(people, 4)`, or `(people, 5)` with scores; or
            the path of a box file (see `read_boxes`).
        detector: Name of a detector, or a function; see `detectors`.
        min_score: Boxes of lower scores are left out.
        failures: Collects boxes that lie wholly outside of their frame.
        category: Category of a COCO file of boxes; see `read_boxes`.

    Raises:
        ValueError: If neither or both of `boxes` and `detector` are given, or
            `min_score` is NaN.
    """

    def __init__(
        self,
        boxes=None,
        detector=None,
        min_score: float = 0.0,
        failures: Failures | None = None,
        category: str | None = None,
    ):
        if (boxes is None) == (detector is None):
            raise ValueError(
                "one of `boxes` and `detector` must be given. "
                f"Received: boxes={boxes!r:.80}, detector={detector!r}"
            )
        if np.isnan(min_score):
            raise ValueError(
                f"`min_score` must be a number. Received: min_score={min_score}"
            )
        self.min_score, self.failures = min_score, failures or Failures()
        self.path = self.file = self.detector = self.boxes = self._failed = None
        if detector is not None:
            self.detector = load_detector(detector, min_score)
        elif isinstance(boxes, (str, PathLike)):
            self.path, self.file = boxes, read_boxes(boxes, category)
        else:
            self.boxes = validate_boxes(boxes, scored=True)

    def __call__(self, frame: InputFrame) -> np.ndarray | None:
        """`(people, 5)`: the boxes of people in a frame, with scores.

        None for a frame on which the detector fails, and for all later ones of its
        source: like an image or a video that cannot be read.
        """
        if self.detector:
            rows = self._detect(frame)
            if rows is None:
                return None
        elif self.file:
            rows = self.file.lookup(frame.source.name, frame.index)
        else:
            rows = self.boxes
        rows = rows[rows[:, 4] >= self.min_score]
        rows = [row for row in rows if self._overlaps(row, frame)]
        return np.reshape(rows, (-1, 5))

    def _detect(self, frame):
        if frame.source == self._failed:
            return None
        try:
            return np.column_stack(self.detector(frame.pixels))
        except DetectorError as error:
            number = "" if frame.index is None else f", frame {frame.index}"
            message = f"{frame.source.name}{number}: {error}"
            if frame.source.kind == "camera":  # which would go on without an end
                raise ValueError(message) from error
            self._failed = frame.source
            self.failures.add(message)
            return None

    def _overlaps(self, row, frame):
        height, width = frame.pixels.shape[:2]
        name = frame.source.name
        if self.detector:
            name += f": detector {self.detector.name!r}"
        try:
            require_overlap(row[None], (width, height), name)
        except ValueError as error:
            self.failures.add(str(error))
            return False
        return True

    def report_unmatched(self):
        """Logs how many images a box file lacks, and how many it has in excess."""
        for names, text in (
            []
            if self.file is None
            else [
                (self.file.missing, f"without boxes in {self.path}"),
                (self.file.unused, f"in {self.path}, but not among the inputs"),
            ]
        ):
            if names:
                count = plural(len(names), "image is", "images are")
                logger.warning("%s %s, first %s", count, text, min(names))
