"""Verification of exported person detectors: their boxes against the network's own.

Compared are the boxes of people that either of the two is sure of, with the nearest of
the other's. One whose score is near the limit may be on one side of it alone: so the
other's may have half the score.
"""

import logging

import numpy as np

from keras_hourglass.export.graph import crop_window
from keras_hourglass.export.verification import (
    BATCH_SIZE,
    LIMITS,
    ErrorLimit,
    ExportError,
    error_of,
)
from keras_hourglass.heatmaps import DEFAULT_DECODER

logger = logging.getLogger(__name__)
# The sides of a box are logarithms, which 16 bits round to a part of a pixel.
BOX_LIMITS = {**LIMITS, "float16": ErrorLimit(0.01, 0.5)}
SURE_SCORE = 0.3  # that a box has at least, of which a detector is sure


class BoxReference:
    """The boxes of a person detector, that those of exported files are compared with.

    Args:
        model: A `PersonDetector`.
        crops: `(photographs, height, width, 3)`, uint8, of the network's size.

    Attributes:
        decoder: That of exported files by default; boxes have no choice of decoders.
        boxes: `(photographs, 128, 4)`, x, y, width, height in pixels of the crops.
        scores: `(photographs, 128)`.
        sure_score: The score from which on boxes are compared.
    """

    decoder = DEFAULT_DECODER
    places = "Boxes"
    limits = BOX_LIMITS

    def __init__(self, model, crops):
        self.crops, self.window = crops, max(model.image_size)
        starts = range(0, len(crops), BATCH_SIZE)
        batches = [crops[start : start + BATCH_SIZE] for start in starts]
        decoded = [model.decode(model.predict_on_batch(batch)) for batch in batches]
        boxes, self.scores = (
            np.concatenate([np.asarray(each, "float32") for each in parts])
            for parts in zip(*decoded)
        )
        self.boxes = crop_window(model).part(boxes, model.heatmap_size).box()
        self.sure_score, highest = SURE_SCORE, float(self.scores.max())
        if highest < SURE_SCORE:
            logger.warning(
                "No box has a score of %s or more on these crops: is the network "
                "trained? Those of half the highest score, %.3f, are compared",
                *(SURE_SCORE, highest),
            )
            self.sure_score = highest / 2

    def measure(self, run) -> ExportError:
        """Measures the error of an exported file.

        Args:
            run: A function from crops to a dictionary with `boxes` and `scores`, as of
                `inference.runtimes.RUNTIMES`.
        """
        distances = []
        for crop, boxes, scores in zip(self.crops, self.boxes, self.scores):
            outputs = run(crop[None])
            own, found = (boxes, scores), (outputs["boxes"][0], outputs["scores"][0])
            distances += self._distances(own, found), self._distances(found, own)
        return error_of(np.concatenate(distances), self.window)

    def _distances(self, detected, other):
        """Pixels from each box that is sure to the nearest of others.

        The distance of two boxes is the largest of those of their sides. If there is no
        other box, it is the length of the window.
        """
        (boxes, scores), (others, other_scores) = detected, other
        sides = _sides(boxes[scores >= self.sure_score])
        others = _sides(others[other_scores >= self.sure_score / 2])
        if not len(others):
            return np.full(len(sides), float(self.window))
        return np.abs(sides[:, None] - others).max(-1).min(1)


def _sides(boxes):
    """Places of the left, top, right and bottom side of boxes `(boxes, 4)`."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
