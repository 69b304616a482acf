"""Images of the hardest people: ground truth on the left, prediction on the right."""

from pathlib import Path

import numpy as np

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.people import People
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.evaluation.conventions import is_correct
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.images import encode_image
from keras_hourglass.visualization.skeletons import draw_skeleton

SIDE, GAP = 208, 4  # pixels: longer side of each half, and distance of the halves
JPEG_QUALITY = 82


def hardest_images(predictions, people: People, rows, aspect: tuple[int, int]):
    """Draws people; black where an image cannot be read.

    Args:
        predictions: The `Predictions` for all people.
        people: All people, with the model's skeleton.
        rows: The people to draw.
        aspect: Columns and rows of the network's input, or proportional to them.

    Yields:
        (caption, JPEG) of each person.
    """
    size = tuple(round(SIDE * side / max(aspect)) for side in aspect)
    preprocessor = Preprocessor(people, size, size)  # labels in pixels of the drawing
    loader = Loader(preprocessor, broken="skip")
    threshold = people.skeleton.measure.threshold
    for row in map(int, rows):
        image, label = loader.load(row)
        truth, weights, _ = unpack(label)
        window = preprocessor.sample_params([(0, row)])[0].window
        predicted = window.to_grid(predictions.joints[row], size)
        halves = [
            draw_skeleton(image, truth, people.skeleton, weights),
            np.full((size[1], GAP, 3), 255, "uint8"),
            draw_skeleton(image, predicted, people.skeleton),
        ]
        errors = predictions.errors[row]
        correct, scored = is_correct(errors, threshold), np.isfinite(errors)
        name = Path(str(people.images[row])).name
        yield (
            f"{name}: {correct.sum()} of {scored.sum()} joints correct",
            encode_image(np.hstack(halves), ".jpg", quality=JPEG_QUALITY),
        )
