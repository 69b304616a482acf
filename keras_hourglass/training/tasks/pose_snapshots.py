"""Snapshots of a pose network in training: images of predictions and labels."""

import numpy as np

from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.evaluation.scoring import describe_correct
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.captions import add_caption
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.heatmaps import draw_heatmap
from keras_hourglass.visualization.images import enlarge
from keras_hourglass.visualization.skeletons import draw_skeleton

MAX_PEOPLE, COLUMNS = 12, 4
MIN_SIDE = 256  # pixels; smaller images are enlarged, so that thin lines show


def snapshot_images(model, loader: Loader) -> dict[str, np.ndarray]:
    """Draws the first people of a loader.

    Args:
        model: A `StackedHourglass`.
        loader: Loads the people's crops.

    Returns:
        Images `(height, width, 3)`, uint8, RGB: "predictions" has each person twice,
        with the labeled joints on the left and the predicted on the right; "heatmaps"
        the maximum over all joints' heatmaps of the last stack. Captions name the
        person, and count the correct joints.
    """
    count = min(MAX_PEOPLE, len(loader))
    images, labels = loader.load_batch((0, i) for i in range(count))
    heatmaps = np.asarray(model.predict_on_batch(images)[:, -1])
    predicted, scores = map(np.asarray, decode(heatmaps, model.offset))
    labeled, weights, lengths = unpack(labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.linalg.norm(predicted - labeled, axis=-1) / lengths
    errors = np.where((weights > 0) & (lengths > 0), errors, np.nan)
    names = loader.preprocessor.dataset.names
    pairs, overlays = [], []
    for i, image in enumerate(images):
        image = enlarge(image, MIN_SIDE)
        correct = describe_correct(errors[i], model.skeleton.measure.threshold)
        truth = draw_joints(model, image, labeled[i], weights[i])
        prediction = draw_joints(model, image, predicted[i], scores[i])
        pairs.append(
            np.hstack(
                [
                    add_caption(truth, str(names[i]), "truth"),
                    add_caption(prediction, correct, "prediction"),
                ]
            )
        )
        overlay = draw_heatmap(image, heatmaps[i].max(axis=-1))
        peak = f"highest {heatmaps[i].max():.2f}"
        overlays.append(add_caption(overlay, str(names[i]), peak))
    return {
        "predictions": image_grid(pairs, COLUMNS // 2),
        "heatmaps": image_grid(overlays, COLUMNS),
    }


def draw_joints(model, image, points, scores) -> np.ndarray:
    """Draws joints, given in pixels of the model's heatmaps, on an image.

    Those of low scores, too: at the start of a training there are no others.
    """
    height, width = image.shape[:2]
    heatmap = Window.from_rectangle(np.array([0, 0, *model.heatmap_size], float))
    joints = heatmap.to_grid(points.astype(float), (width, height))
    return draw_skeleton(image, joints, model.skeleton, scores, min_score=0)
