"""Images of people: ground truth on the left, prediction on the right."""

from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.evaluation.error_kinds import KINDS, worst_errors
from keras_hourglass.evaluation.predictions import Predictions
from keras_hourglass.evaluation.scoring import describe_correct
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.captions import add_caption
from keras_hourglass.visualization.images import encode_image
from keras_hourglass.visualization.skeletons import draw_skeleton

SIDE, GAP = 208, 4  # pixels: longer side of each half, and distance of the halves
JPEG_QUALITY = 82
RING_RADIUS, RING_COLOR, OUTLINE_COLOR = 9, (255, 214, 0), (20, 20, 20)
MAX_COORDINATE = 1e4  # pixels: rings beyond are left out, as they are not seen


class PeopleImages:
    """Draws people in their windows; black where an image cannot be read.

    Args:
        predictions: The `Predictions` for all people.
        people: All people, with the model's skeleton.
        aspect: Columns and rows of the network's input, or proportional to them.
    """

    def __init__(
        self, predictions: Predictions, people: People, aspect: tuple[int, int]
    ):
        self.predictions, self.people = predictions, people
        self.size = tuple(round(SIDE * side / max(aspect)) for side in aspect)
        # Labels are in pixels of the drawing.
        self.preprocessor = Preprocessor(people, self.size, self.size)
        self.loader = Loader(self.preprocessor, broken="skip")

    def hardest(self, rows):
        """Yields (caption, JPEG) of people."""
        threshold = self.people.skeleton.measure.threshold
        for row in map(int, rows):
            correct = describe_correct(self.predictions.errors[row], threshold)
            yield f"{self._file_name(row)}: {correct}", self._draw(row)

    def worst_of_each_kind(self, kinds):
        """Yields (caption, JPEG) of the largest error of each kind, ringed.

        Args:
            kinds: The output of `error_kinds.classify` for these people.
        """
        worst = worst_errors(kinds, self.predictions, self.people)
        skeleton = self.people.skeleton
        for kind, (row, joint) in worst.items():
            name = skeleton.joints[joint].replace("_", " ")
            error = f"{self.predictions.errors[row, joint]:.2f}"
            caption = (
                f"{kind} ({KINDS[kind].title}): {name} of {self._file_name(row)}, "
            )
            caption += f"error {error} of the {skeleton.measure.reference}"
            yield caption, self._draw(row, joint)

    def _file_name(self, row):
        return Path(str(self.people.images[row])).name

    def _draw(self, row, joint=None):
        """Draws a person twice, and rings around a joint."""
        skeleton = self.people.skeleton
        image, label = self.loader.load(row)
        truth, weights, _ = unpack(label)
        window = self.preprocessor.sample_params([(0, row)])[0].window
        predicted = window.to_grid(self.predictions.joints[row], self.size)
        halves = {
            "truth": draw_skeleton(image, truth, skeleton, weights, min_score=0),
            "prediction": draw_skeleton(image, predicted, skeleton),
        }
        if joint is not None:
            for half, points in zip(halves.values(), (truth, predicted)):
                draw_ring(half, points[joint])
        left, right = (add_caption(half, name) for name, half in halves.items())
        gap = np.full((len(left), GAP, 3), 255, "uint8")
        pair = np.hstack([left, gap, right])
        return encode_image(pair, ".jpg", quality=JPEG_QUALITY)


def draw_ring(image, point):
    """Draws a ring around a point onto an image, in place."""
    if not (np.abs(point) <= MAX_COORDINATE).all():
        return
    center = tuple(map(round, map(float, point)))
    for width, color in ((4, OUTLINE_COLOR), (2, RING_COLOR)):
        cv2.circle(image, center, RING_RADIUS, color, width, cv2.LINE_AA)
