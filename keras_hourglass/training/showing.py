"""A look at a network in training: what it finds, beside what is true."""

import numpy as np

from keras_hourglass import draw
from keras_hourglass.data.loader import Loader
from keras_hourglass.geometry import Crop
from keras_hourglass.heatmaps import decode
from keras_hourglass.labels import unpack

SHOWN, COLUMNS = 12, 4  # people, and how many in a row
SIDE = 256  # pixels at least, so that thin lines can be seen


def predictions(model, loader: Loader) -> np.ndarray:
    """The first people of a loader, each twice: as found, then as labelled.

    Args:
        model: A `StackedHourglass`.
        loader: Whom to look at, as the network sees them.

    Returns:
        A sheet of pictures, `(height, width, 3)`, uint8, RGB.
    """
    images, labels = loader.load_batch((0, i) for i in range(min(SHOWN, len(loader))))
    found, scores = decode(model.predict_on_batch(images)[:, -1], model.offset)
    points, weights, _ = unpack(labels)
    pairs = []
    for i, image in enumerate(images):
        left = show(model, image, np.asarray(found[i]), np.asarray(scores[i]))
        pairs.append(np.hstack([left, show(model, image, points[i], weights[i])]))
    return draw.sheet(pairs, COLUMNS // 2)


def show(model, image, points, confidence) -> np.ndarray:
    """An image of the network with joints that are given in heatmap pixels."""
    height, width = image.shape[:2]
    times = -(-SIDE // max(height, width))
    size = width * times, height * times
    heatmap = Crop.of_rectangle(np.array([0, 0, *model.heatmap_size], float))
    image = image.repeat(times, 0).repeat(times, 1)
    joints = heatmap.to_grid(points.astype(float), size)
    return draw.skeleton(image, joints, model.skeleton, confidence)
