"""A look at a network in training: what it finds, beside what is true."""

import numpy as np

from keras_hourglass.data.loader import Loader
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.heatmaps import draw_heatmap
from keras_hourglass.visualization.skeletons import draw_skeleton

MAX_PEOPLE, COLUMNS = 12, 4  # people, and how many in a row
MIN_SIDE = 256  # pixels at least, so that thin lines can be seen


def snapshot_images(model, loader: Loader) -> dict[str, np.ndarray]:
    """The first people of a loader, on sheets.

    Args:
        model: A `StackedHourglass`.
        loader: Whom to look at, as the network sees them.

    Returns:
        Pictures `(height, width, 3)`, uint8, RGB: "predictions" has everybody twice,
        as found, then as labelled; "heatmaps" the last stack's, all joints in one.
    """
    images, labels = loader.load_batch(
        (0, i) for i in range(min(MAX_PEOPLE, len(loader)))
    )
    heatmaps = np.asarray(model.predict_on_batch(images)[:, -1])
    found, scores = map(np.asarray, decode(heatmaps, model.offset))
    points, weights, _ = unpack(labels)
    pairs, coloured = [], []
    for i, image in enumerate(map(_enlarged, images)):
        left = draw_joints(model, image, found[i], scores[i])
        pairs.append(
            np.hstack([left, draw_joints(model, image, points[i], weights[i])])
        )
        coloured.append(draw_heatmap(image, heatmaps[i].max(axis=-1)))
    return {
        "predictions": image_grid(pairs, COLUMNS // 2),
        "heatmaps": image_grid(coloured, COLUMNS),
    }


def draw_joints(model, image, points, confidence) -> np.ndarray:
    """A picture with joints that are given in pixels of the model's heatmaps."""
    height, width = image.shape[:2]
    heatmap = Window.from_rectangle(np.array([0, 0, *model.heatmap_size], float))
    joints = heatmap.to_grid(points.astype(float), (width, height))
    return draw_skeleton(image, joints, model.skeleton, confidence)


def _enlarged(image):
    times = -(-MIN_SIDE // max(image.shape[:2]))
    return image.repeat(times, 0).repeat(times, 1)
