"""Snapshots of a person detector in training: images of its boxes and of labels."""

import numpy as np

from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import decode_boxes
from keras_hourglass.inference.suppression import MIN_SCORE
from keras_hourglass.utils import plural
from keras_hourglass.visualization.boxes import draw_boxes, draw_labels
from keras_hourglass.visualization.captions import add_caption
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.heatmaps import draw_heatmap
from keras_hourglass.visualization.images import enlarge

MAX_PHOTOGRAPHS, COLUMNS = 12, 4
MIN_SIDE = 256  # pixels; smaller images are enlarged, so that thin lines show


def snapshot_boxes(model, loader: Loader) -> dict[str, np.ndarray]:
    """Draws the first photographs of a loader.

    Args:
        model: A `PersonDetector`.
        loader: Loads the photographs.

    Returns:
        Images `(height, width, 3)`, uint8, RGB: "predictions" has each photograph
        twice, with the labeled boxes on the left, ignored areas in gray, and those
        found with a score of `MIN_SCORE` or more on the right; "heatmaps" the scores
        of the last stack at all pixels. Captions name the photograph, and count the
        boxes.
    """
    count = min(MAX_PHOTOGRAPHS, len(loader))
    images, labels = loader.load_batch((0, i) for i in range(count))
    maps = np.asarray(model.predict_on_batch(images)[:, -1])
    boxes, scores = decode_boxes(maps, array_library=NUMPY)
    names = loader.preprocessor.dataset.names
    pairs, overlays = [], []
    for i, image in enumerate(images):
        image = enlarge(image, MIN_SIDE)
        scale = image.shape[1] / model.heatmap_size[0]
        truth = draw_labels(image, labels[i], scale)
        found = boxes[i][scores[i] >= MIN_SCORE] * scale
        prediction = draw_boxes(image, found)
        people = plural(int((labels[i, :, 4] > 0).sum()), "person", "people")
        pairs.append(
            np.hstack(
                [
                    add_caption(truth, str(names[i]), people),
                    add_caption(
                        prediction,
                        plural(len(found), "box", "boxes"),
                        f"score from {MIN_SCORE}",
                    ),
                ]
            )
        )
        probability = 1 / (1 + np.exp(-maps[i, ..., 0]))
        overlay = draw_heatmap(image, probability)
        highest = f"highest {probability.max():.2f}"
        overlays.append(add_caption(overlay, str(names[i]), highest))
    return {
        "predictions": image_grid(pairs, COLUMNS // 2),
        "heatmaps": image_grid(overlays, COLUMNS),
    }
