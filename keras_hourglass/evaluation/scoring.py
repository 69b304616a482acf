"""Scores of an evaluation: every convention at every threshold, from errors alone.

NumPy only, so that files of predictions are scored without Keras.
"""

import numpy as np

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.conventions import (
    CONVENTIONS,
    PCKH_THRESHOLD,
    STANDARD,
    column_rates,
    joint_rates,
)
from keras_hourglass.skeletons import Skeleton

THRESHOLDS = (PCKH_THRESHOLD, 0.2, 0.1)  # reference lengths
CURVE = np.arange(51) / 100  # thresholds of the curve whose area is computed


def score(errors, skeleton: Skeleton, counts=None) -> dict:
    """Scores errors under every convention at every threshold.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: The joints' skeleton.
        counts: The output of `bootstrap.resample_counts` for as many people.

    Returns:
        A dictionary of "people" and "joints", the numbers of scored ones; "pckh", the
        value of the `PCKh` metric in percent; "thresholds", with the percentages in
        "columns", "per_joint" (errors at the threshold are correct) and "means" of
        each threshold, and the "intervals" (low, high) of the means; "area":
        convention -> mean height of its curve from 0 to 0.5.
    """
    counts = bootstrap.resample_counts(len(errors)) if counts is None else counts
    thresholds = {
        str(threshold): {
            "columns": column_rates(errors, skeleton, threshold),
            "per_joint": dict(
                zip(skeleton.joints, joint_rates(errors, threshold).tolist())
            ),
            "means": convention_means(errors, skeleton, threshold),
            "intervals": bootstrap.mean_intervals(errors, skeleton, threshold, counts),
        }
        for threshold in THRESHOLDS
    }
    return {
        "people": int(np.isfinite(errors).any(1).sum()),
        "joints": int(np.isfinite(errors).sum()),
        "pckh": thresholds[str(PCKH_THRESHOLD)]["means"][STANDARD],
        "thresholds": thresholds,
        "area": {
            name: float(np.trapezoid(curve, CURVE) / CURVE[-1])
            for name, curve in curves(errors, skeleton).items()
        },
    }


def convention_means(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Computes the mean under each convention: name -> percent."""
    return {
        name: convention.mean(errors, skeleton, threshold)
        for name, convention in CONVENTIONS.items()
    }


def curves(errors, skeleton: Skeleton) -> dict[str, list[float]]:
    """Computes each convention's curve: name -> percent at each value of `CURVE`."""
    return {
        name: [convention.mean(errors, skeleton, threshold) for threshold in CURVE]
        for name, convention in CONVENTIONS.items()
    }


def to_json_types(value):
    """Converts nested values to JSON's types; NaN and infinity become None."""
    if isinstance(value, dict):
        return {str(name): to_json_types(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json_types(part) for part in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
