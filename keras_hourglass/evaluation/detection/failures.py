"""Failures of a detector, drawn: people that it misses, and false boxes."""

import numpy as np

from keras_hourglass.evaluation.detection.evaluator import read_photograph
from keras_hourglass.evaluation.detection.matching import THRESHOLDS, box_similarities
from keras_hourglass.visualization.boxes import IGNORED_COLOR, draw_boxes
from keras_hourglass.visualization.grids import image_grid

SIDE = 320  # pixels of a photograph
FOUND, MISSED, FALSE = (0, 158, 115), (214, 39, 40), (240, 140, 20)


def plot_failures(evaluation, count: int, columns: int) -> np.ndarray:
    """Draws the photographs with the most failures; see `DetectionEvaluation`."""
    matches, rows = evaluation.match(), np.flatnonzero(evaluation.detections.readable)
    sure = matches.scores >= evaluation.scores["sizes"]["all"]["score"]
    false = matches.counted[0] & ~matches.correct[0] & sure
    found = matches.correct[0] & sure
    failures = matches.people + np.bincount(
        matches.photographs, weights=false * 1.0 - found, minlength=len(rows)
    )
    images = []
    for place in np.argsort(-failures, kind="stable")[:count]:
        chosen = matches.photographs == place
        images.append(_draw(evaluation, rows[place], found[chosen], false[chosen]))
    return image_grid(images, columns, (SIDE, SIDE))


def _draw(evaluation, row, found, false):
    """Draws the boxes of one photograph that are found and false, and the truth."""
    photograph = evaluation.photographs[int(row)]
    boxes = np.asarray(evaluation.detections.boxes[row], float)
    truth, is_crowd = photograph.boxes.astype(float), photograph.is_crowd
    overlap = box_similarities(boxes[found], truth, is_crowd).max(axis=0, initial=0)
    missed = ~is_crowd & (overlap < THRESHOLDS[0])
    drawn = [
        (truth[is_crowd], IGNORED_COLOR),
        (boxes[found], FOUND),
        (truth[missed], MISSED),
        (boxes[false], FALSE),
    ]
    return draw_boxes(
        read_photograph(photograph).pixels,
        np.concatenate([rows for rows, _ in drawn]),
        [color for rows, color in drawn for _ in rows],
    )
