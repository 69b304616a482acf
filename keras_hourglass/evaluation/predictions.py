"""Predictions of a model, or of a file, and their errors."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions for people, and their errors.

    Attributes:
        joints: `(people, joints, 2)`, x before y, image pixels.
        errors: `(people, joints)`, in reference lengths; NaN where not scored,
            infinite where the prediction is NaN: such joints are wrong.
        scores: `(people, joints)`, the values of the heatmaps' peaks; None where the
            predictions are from a file.
        offset: (x, y), heatmap pixels: the mean signed error of joints within twice
            the measure's threshold, the model's systematic error. None for a file.
        unreadable: Messages about images that could not be read.
    """

    joints: np.ndarray
    errors: np.ndarray
    scores: np.ndarray | None = None
    offset: tuple[float, float] | None = None
    unreadable: tuple[str, ...] = ()
