"""Scores of an evaluation: every convention at every threshold, from errors alone.

NumPy only, so that files of predictions are scored without Keras.
"""

from dataclasses import asdict

import numpy as np

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.conventions import (
    STANDARD,
    column_rates,
    conventions,
    is_scored,
    joint_rates,
)
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.skeletons.measures import is_correct

CURVE_STEPS = 50


def score(errors, skeleton: Skeleton, counts=None) -> dict:
    """Scores errors under every convention at every threshold.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: The joints' skeleton.
        counts: The output of `bootstrap.resample_counts` for as many people.

    Returns:
        A dictionary of "people" and "joints", the numbers of scored ones; "measure",
        the fields of `skeleton.measure`; "conventions": name -> description; "pckh",
        the value of the `PCKh` metric in percent; "thresholds", with the percentages in
        "columns", "per_joint" (errors at the threshold are correct) and "means" of
        each threshold, and the "intervals" (low, high) of the means; "area":
        convention -> mean height of its curve.
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
        for threshold in skeleton.measure.thresholds
    }
    return {
        "people": int(is_scored(errors).any(1).sum()),
        "joints": int(is_scored(errors).sum()),
        "measure": asdict(skeleton.measure),
        "conventions": {
            name: convention.describe(skeleton)
            for name, convention in conventions(skeleton).items()
        },
        "pckh": thresholds[str(skeleton.measure.threshold)]["means"][STANDARD],
        "thresholds": thresholds,
        "area": {
            name: (sum(curve) - (curve[0] + curve[-1]) / 2) / CURVE_STEPS
            for name, curve in curves(errors, skeleton).items()
        },
    }


def main_threshold(scores: dict) -> str:
    """Returns the measure's own threshold, a key of the "thresholds" of `score`."""
    return str(scores["measure"]["threshold"])


def main_scores(scores: dict) -> dict:
    """Returns the scores at the measure's own threshold."""
    return scores["thresholds"][main_threshold(scores)]


def convention_means(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Computes the mean under each convention: name -> percent."""
    return {
        name: convention.mean(errors, skeleton, threshold)
        for name, convention in conventions(skeleton).items()
    }


def describe_correct(errors, threshold: float) -> str:
    """Counts the correct joints of a person: "14 of 16 joints correct".

    Args:
        errors: `(joints,)`, in reference lengths; NaN where not scored.
        threshold: In reference lengths.
    """
    correct = is_correct(errors, threshold).sum()
    return f"{correct} of {is_scored(errors).sum()} joints correct"


def curve_thresholds(skeleton: Skeleton) -> np.ndarray:
    """Gives the curve's thresholds: from 0 to the largest of the measure."""
    return np.arange(CURVE_STEPS + 1) / (CURVE_STEPS / max(skeleton.measure.thresholds))


def curves(errors, skeleton: Skeleton) -> dict[str, list[float]]:
    """Computes curves: convention -> percent at each of `curve_thresholds`."""
    steps = curve_thresholds(skeleton)
    return {
        name: [convention.mean(errors, skeleton, threshold) for threshold in steps]
        for name, convention in conventions(skeleton).items()
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
