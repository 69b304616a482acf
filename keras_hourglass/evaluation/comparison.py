"""Comparison of models by paired bootstrap, on the people that they share."""

import logging

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.results import Evaluation

logger = logging.getLogger(__name__)


def compare_models(evaluations: list[Evaluation]) -> list[dict]:
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
        `bootstrap.compare`.

    Example:

    ```python
    import keras_hourglass as kh
    from keras_hourglass.evaluation.comparison import compare_models

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
        differences = bootstrap.compare(*both, thresholds, first.resamples)
        comparisons.append(
            {
                **{"first": first.name, "second": second.name},
                **{"dataset": second.dataset, "windows": second.windows},
                **{"measure": measures[0].name, "thresholds": differences},
            }
        )
    return comparisons


def _same_people(first, second):
    names = [
        None if one.people is None else [*one.people.names] for one in (first, second)
    ]
    return names[0] == names[1]
