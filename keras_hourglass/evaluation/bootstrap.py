"""Bootstrap intervals of means and of differences, by resampling people.

People are resampled, not joints: the joints of one person are wrong together.

Efron. Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics, 1979.
https://doi.org/10.1214/aos/1176344552
"""

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from keras_hourglass.evaluation.conventions import (
    Convention,
    conventions,
    is_scored,
)
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.skeletons.measures import is_correct

if TYPE_CHECKING:
    from keras_hourglass.evaluation.results import Evaluation

logger = logging.getLogger(__name__)

RESAMPLES, SEED = 2000, 0
LEVEL = 95  # percent of the resamples within an interval


@lru_cache(maxsize=1)  # each model on the same people has the same
def resample_counts(
    people: int, resamples: int = RESAMPLES, seed: int = SEED
) -> np.ndarray:
    """Resamples people with replacement.

    The same arguments give the same resamples, so that models are compared on them
    in pairs.

    Returns:
        `(resamples, people)`, float32: the number of times each person is drawn.
    """
    random = np.random.default_rng(seed)
    counts = np.empty((resamples, people), "float32")
    for row in counts if people else ():
        row[:] = np.bincount(random.integers(people, size=people), minlength=people)
    counts.setflags(write=False)  # since calls share it
    return counts


def resample_means(
    convention: Convention, errors, skeleton: Skeleton, threshold: float, counts
) -> np.ndarray:
    """Computes a convention's mean on each resample.

    Args:
        convention: The convention.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: The joints' skeleton.
        threshold: In reference lengths.
        counts: The output of `resample_counts` for as many people.

    Returns:
        `(resamples,)`, percent; NaN where a resample has none of the joints.
    """
    correct = is_correct(errors, threshold, convention.inclusive).astype("float32")
    labeled = counts @ is_scored(errors).astype("float32")
    return convention.from_counts(counts @ correct, labeled, skeleton)


def interval(values) -> list[float]:
    """Computes [low, high], the percentiles around `LEVEL` percent of the values."""
    values = values[np.isfinite(values)]
    if not len(values):
        return [np.nan, np.nan]
    outside = (100 - LEVEL) / 2
    return np.percentile(values, [outside, 100 - outside]).tolist()


def mean_intervals(errors, skeleton: Skeleton, threshold: float, counts) -> dict:
    """Computes the interval of each convention's mean; see `resample_means`."""
    return {
        name: interval(resample_means(convention, errors, skeleton, threshold, counts))
        for name, convention in conventions(skeleton).items()
    }


def compare(first, second, thresholds, counts) -> dict:
    """Compares two models on the same people and the same resamples.

    Args:
        first, second: Errors `(people, joints)` and the joints' skeleton, each, of
            the same measure.
        thresholds: In reference lengths.
        counts: The output of `resample_counts` for as many people.

    Returns:
        Threshold -> convention that both have -> "difference" in percentage points,
        the second's mean less the first's, and its "interval".
    """
    common = conventions(first[1]).keys() & conventions(second[1]).keys()
    return {
        str(threshold): {
            name: _difference(convention, first, second, threshold, counts)
            for name, convention in conventions(first[1]).items()
            if name in common
        }
        for threshold in thresholds
    }


def compare_models(evaluations: "list[Evaluation]") -> list[dict]:
    """Compares the first model with each of the others, on the same people.

    On each dataset, and in each kind of windows, the first is another. The interval of
    a difference is that of pairs: narrower than the two models' intervals suggest. A
    model that was evaluated on other people, or with another measure, is not compared;
    a warning is logged.

    Args:
        evaluations: One or more results of `kh.evaluate`.

    Returns:
        A list of dictionaries: "first" and "second", the models' names, "dataset",
        "windows" in words, "measure", its name, and "thresholds", the output of
        `compare`.

    Example:

    ```python
    import keras_hourglass as kh
    from keras_hourglass.evaluation.bootstrap import compare_models

    people = kh.load_dataset("synthetic", "2").split("val")[:8]
    results = [
        kh.evaluate("photo", people, flip=flip, name=f"flip={flip}")
        for flip in (False, True)
    ]
    (pair,) = compare_models(results)
    print(pair["thresholds"]["0.5"]["mean_by_count"]["difference"])
    ```
    """
    comparisons, firsts = [], {}
    for second in evaluations:
        first = firsts.setdefault((second.dataset, second.boxes), second)
        if first is second:
            continue
        measures = [one.skeleton.measure for one in (first, second)]
        if measures[0] != measures[1]:
            reason = f"{measures[1].title} is not {measures[0].title}"
        elif not _same_people(first, second):
            reason = "other people"
        else:
            reason = ""
        if reason:
            logger.warning(
                "%s is not compared with %s: %s", second.name, first.name, reason
            )
            continue
        both = ((one.predictions.errors, one.skeleton) for one in (first, second))
        thresholds = measures[0].thresholds
        differences = compare(*both, thresholds, first.resamples)
        comparisons.append(
            {
                **{"first": first.name, "second": second.name},
                **{"dataset": second.dataset, "windows": second.windows},
                **{"measure": measures[0].name, "thresholds": differences},
            }
        )
    return comparisons


def _difference(convention, first, second, threshold, counts):
    means = [convention.mean(*model, threshold) for model in (first, second)]
    resampled = [
        resample_means(convention, *model, threshold, counts)
        for model in (first, second)
    ]
    return {
        "difference": means[1] - means[0],
        "interval": interval(resampled[1] - resampled[0]),
    }


def _same_people(first, second):
    names = [
        None if one.people is None else [*one.people.names] for one in (first, second)
    ]
    return names[0] == names[1]
