"""Boxes of people in frames: given ones, or a file's."""

import logging
from os import PathLike

import numpy as np

from keras_hourglass.inference.boxes import require_overlap, validate_boxes
from keras_hourglass.inference.boxes.files import read_boxes
from keras_hourglass.inference.sources import Failures
from keras_hourglass.inference.sources.frames import InputFrame
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.utils import plural

logger = logging.getLogger(__name__)


class BoxFinder:
    """Finds the boxes of people in frames: given ones, or a file's.

    Args:
        boxes: Boxes for every frame, `(people, 4)`, or `(people, 5)` with scores; or
            the path of a box file (see `read_boxes`).
        min_score: Boxes of lower scores are left out.
        max_people: Boxes of a frame, at most: those of the highest scores; by default
            all.
        failures: Collects boxes that lie wholly outside of their frame, each once for
            a video.
        category: Category of a COCO file of boxes; see `read_boxes`.

    Raises:
        ValueError: If `boxes` are not valid, or a limit is out of range.
    """

    def __init__(
        self,
        boxes,
        min_score: float = 0.0,
        max_people: int | None = None,
        failures: Failures | None = None,
        category: str | None = None,
    ):
        if np.isnan(min_score):
            raise ValueError(
                f"`min_score` must be a number. Received: min_score={min_score}"
            )
        if max_people is not None:
            validate_positive_integers(max_people=max_people)
        self.min_score, self.max_people = min_score, max_people
        self.failures = failures or Failures()
        self.path = self.file = self.boxes = None
        self._outside = set()  # (source, box) of the failures
        if isinstance(boxes, (str, PathLike)):
            self.path, self.file = boxes, read_boxes(boxes, category)
        else:
            self.boxes = validate_boxes(boxes, scored=True)

    def __call__(self, frame: InputFrame) -> np.ndarray:
        """`(people, 5)`: the boxes of people in a frame, with scores."""
        if self.file:
            rows = self.file.lookup(frame.source.name, frame.index)
        else:
            rows = self.boxes
        rows = rows[rows[:, 4] >= self.min_score]
        rows = np.reshape([row for row in rows if self._overlaps(row, frame)], (-1, 5))
        best = np.argsort(-rows[:, 4], kind="stable")[: self.max_people]
        return rows[np.sort(best)]

    def require(self, paths):
        """Checks that no path fits several images of a box file.

        Raises:
            ValueError: See `Boxes.find`.
        """
        for path in paths if self.file else ():
            self.file.find(path)

    def _overlaps(self, row, frame):
        height, width = frame.pixels.shape[:2]
        try:
            require_overlap(row[None], (width, height), frame.source.name)
        except ValueError as error:
            if (place := (frame.source, *row)) not in self._outside:
                self.failures.add(str(error))
            self._outside.add(place)
            return False
        return True

    def report_unmatched(self):
        """Logs how many images a box file lacks, and how many it has in excess."""
        if self.file is None:
            return
        for names, text in [
            (self.file.missing, f"without boxes in {self.path}"),
            (self.file.unused, f"in {self.path}, but not among the inputs"),
        ]:
            if names:
                count = plural(len(names), "image is", "images are")
                logger.warning("%s %s, first %s", count, text, min(names))
