"""Every convention at every threshold, of the errors of some people."""

import numpy as np

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.conventions import CONVENTIONS, columns
from keras_hourglass.skeletons import Skeleton

THRESHOLDS = (0.5, 0.2, 0.1)  # reference lengths
CURVE = np.arange(51) / 100  # the thresholds under whose curve the area is taken


def score(errors, skeleton: Skeleton, drawn=None) -> dict:
    """Every convention at every threshold, and the areas under the curves.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: What the joints are.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        "people" and "joints" counted; for each threshold "columns" and "means" in
        percent, and "intervals", [low, high], of the means; "area": convention ->
        mean height of its curve from 0 to 0.5.
    """
    drawn = bootstrap.resample_indices(len(errors)) if drawn is None else drawn
    return {
        "people": int(np.isfinite(errors).any(1).sum()),
        "joints": int(np.isfinite(errors).sum()),
        "thresholds": {
            str(threshold): {
                "columns": columns(errors, skeleton, threshold),
                "means": means(errors, skeleton, threshold),
                "intervals": bootstrap.intervals(errors, skeleton, threshold, drawn),
            }
            for threshold in THRESHOLDS
        },
        "area": {
            name: float(np.trapezoid(curve, CURVE) / CURVE[-1])
            for name, curve in curves(errors, skeleton).items()
        },
    }


def means(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Convention -> percent."""
    return {
        name: convention.mean(errors, skeleton, threshold)
        for name, convention in CONVENTIONS.items()
    }


def curves(errors, skeleton: Skeleton) -> dict[str, list[float]]:
    """Convention -> percent at each threshold of `CURVE`."""
    return {
        name: [convention.mean(errors, skeleton, threshold) for threshold in CURVE]
        for name, convention in CONVENTIONS.items()
    }
