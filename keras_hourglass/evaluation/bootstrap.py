"""How sure a mean is: as many people are drawn again and again, some twice, some never.

Efron. Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics, 1979.
https://doi.org/10.1214/aos/1176344552
"""

import numpy as np

from keras_hourglass.evaluation.conventions import CONVENTIONS, Convention, correct
from keras_hourglass.skeletons import Skeleton

RESAMPLES, SEED = 2000, 0
LEVEL = 95  # percent of the draws that an interval holds


def resample_indices(
    people: int, resamples: int = RESAMPLES, seed: int = SEED
) -> np.ndarray:
    """`(resamples, people)`, float32: how often each person is drawn.

    The same people always give the same draws, so that networks are compared on them
    pair by pair.
    """
    random = np.random.default_rng(seed)
    if not people:
        return np.zeros((resamples, 0), "float32")
    rows = (random.integers(people, size=people) for _ in range(resamples))
    return np.stack([np.bincount(row, minlength=people) for row in rows]).astype("f4")


def resample_counts(
    convention: Convention, errors, skeleton: Skeleton, threshold: float, drawn
) -> np.ndarray:
    """`(resamples,)`: the convention's mean of each draw.

    Args:
        convention: How rates become one number.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: What the joints are.
        threshold: In reference lengths.
        drawn: What `draws` gives for as many people.
    """
    right = correct(errors, threshold, convention.inclusive).astype("float32")
    labelled = np.isfinite(errors).astype("float32")
    return convention.of_counts(drawn @ right, drawn @ labelled, skeleton)


def interval(values) -> list[float]:
    """[low, high]: what `LEVEL` percent of the values lie between, by percentiles."""
    values = values[np.isfinite(values)]
    if not len(values):
        return [np.nan, np.nan]
    outside = (100 - LEVEL) / 2
    return np.percentile(values, [outside, 100 - outside]).tolist()


def intervals(errors, skeleton: Skeleton, threshold: float, drawn) -> dict:
    """Convention -> its interval; see `resampled`."""
    return {
        name: interval(resample_counts(convention, errors, skeleton, threshold, drawn))
        for name, convention in CONVENTIONS.items()
    }


def compare(first, second, thresholds, drawn) -> dict:
    """How much better the second of two networks is, on the same people.

    Args:
        first, second: Errors `(people, joints)`, and what the joints are.
        thresholds: In reference lengths.
        drawn: What `draws` gives for as many people: both see the same draws.

    Returns:
        For each threshold and convention: "difference" in percentage points, the
        second's mean less the first's; and its "interval".
    """

    def difference(convention, threshold):
        one, other = (
            convention.mean(*network, threshold) for network in (first, second)
        )
        drawn_one, drawn_other = (
            resample_counts(convention, *network, threshold, drawn)
            for network in (first, second)
        )
        return {
            "difference": other - one,
            "interval": interval(drawn_other - drawn_one),
        }

    return {
        str(threshold): {
            name: difference(convention, threshold)
            for name, convention in CONVENTIONS.items()
        }
        for threshold in thresholds
    }
