"""Scores of what other programs predicted: joints, and files of predictions for MPII.

NumPy only, so that they are scored without Keras.
"""

import numpy as np

from keras_hourglass.data.datasets.mpii.predictions import (
    load_ground_truth,
    prediction_errors,
    read_predictions,
)
from keras_hourglass.data.people import People
from keras_hourglass.evaluation.predictions import Predictions, measure_errors
from keras_hourglass.evaluation.results import Evaluation
from keras_hourglass.skeletons import MPII


def evaluate_joints(joints, people: People, scores=None, *, name="joints"):
    """Scores the joints that any other program predicted for people.

    So networks of other projects stand beside those of this library: on the same
    people, by the same measures.

    Args:
        joints: `(people, joints, 2)`, x before y, image pixels. A joint that is NaN is
            wrong.
        people: The people. Joints that the program does not predict are left out by
            `people.to_skeleton(...)`.
        scores: `(people, joints)`, 0 to 1, which rank poses for the average precision
            of OKS; by default 1.
        name: Name of the program in tables.

    Returns:
        An `Evaluation` without a model; see `kh.evaluate`.

    Raises:
        ValueError: If joints or scores are not of that shape, or infinite.

    Example:

    ```python
    import keras_hourglass as kh

    people = kh.load_dataset("synthetic", "2").split("val")[:8]
    print(kh.evaluate_joints(people.joints + 1, people, name="a pixel aside"))
    ```
    """
    joints = np.asarray(joints, float)
    scores = np.ones(joints.shape[:2]) if scores is None else np.asarray(scores, float)
    shape = people.joints.shape
    if joints.shape != shape or scores.shape != shape[:2]:
        raise ValueError(
            f"`joints` must have the shape {shape}, and `scores` {shape[:2]}. "
            f"Received: {joints.shape} and {scores.shape}"
        )
    if np.isinf(joints).any() or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(
            "`joints` must be numbers or NaN, and `scores` numbers from 0 to 1. "
            "Received: others"
        )
    lengths = people.reference_lengths[:, None]
    errors = measure_errors(joints - people.joints, people.weights, lengths)
    predictions = Predictions(joints, errors, scores)
    return Evaluation(name, people.skeleton, predictions, people)


def evaluate_predictions(path, root) -> Evaluation:
    """Scores a file of predictions for MPII's 2,958 validation people.

    Args:
        path: File ending in .mat, .h5, .npz or .json; see docs/evaluation.md.
        root: Folder with `detections_our_format.mat`, itself or in `annotations/`.

    Returns:
        An `Evaluation` without people and model.

    Raises:
        DatasetError: If a file does not hold what it should.
    """
    truth, heads = load_ground_truth(root)
    joints = read_predictions(path)
    errors = prediction_errors(joints, truth, heads)
    # Both count pixels from 1; the library counts from 0.
    return Evaluation(str(path), MPII, Predictions(joints - 1, errors))
