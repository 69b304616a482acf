"""Precision and recall of people found, from matches.

All in percent. Average precision is the mean of the highest precision at each of 101
recalls, as COCO computes it.
"""

import numpy as np

from keras_hourglass.evaluation.detection.matching import THRESHOLDS, Matches
from keras_hourglass.skeletons.measures import FALSE_PER_PHOTOGRAPH, RECALL_LEVELS

RECALLS = np.linspace(0, 1, RECALL_LEVELS)


class Curves:
    """Recall and precision of matches, one threshold each, along falling scores.

    Args:
        matches: Of photographs.
        weights: `(photographs,)`, how often each photograph counts; by default once.
    """

    def __init__(self, matches: Matches, weights=None):
        if weights is None:
            weights = np.ones(len(matches.people))
        order = np.argsort(-matches.scores, kind="stable")
        weight = weights[matches.photographs[order]]
        correct = matches.correct[:, order]
        self.scores = matches.scores[order]
        self.photographs = weights.sum()
        self.people = float(weights @ matches.people)
        self.found = np.cumsum(correct * weight, axis=1)
        false = matches.counted[:, order] & ~correct
        self.false = np.cumsum(false * weight, axis=1)

    def average_precision(self) -> np.ndarray:
        """Computes the average precision at each threshold; NaN without people."""
        if not self.people:
            return np.full(len(self.found), np.nan)
        recall = self.found / self.people
        precision = self.found / np.maximum(self.found + self.false, 1e-9)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        best = np.pad(best, [(0, 0), (0, 1)])  # recalls that are never reached
        return np.array(
            [
                100 * row[np.searchsorted(reached, RECALLS)].mean()
                for row, reached in zip(best, recall)
            ]
        )

    def recall(self, false_per_photograph: float = FALSE_PER_PHOTOGRAPH) -> float:
        """Computes the recall at so many false people, at the first threshold."""
        if not self.people:
            return np.nan
        allowed = self.false[0] <= false_per_photograph * self.photographs
        return float(100 * self.found[0][allowed].max(initial=0) / self.people)

    def score_at(self, false_per_photograph: float = FALSE_PER_PHOTOGRAPH) -> float:
        """Finds the lowest score that gives so many false people; NaN without any."""
        allowed = self.false[0] <= false_per_photograph * self.photographs
        return float(self.scores[allowed].min()) if allowed.any() else np.nan


def summarize(matches: Matches) -> dict:
    """Summarizes matches at `THRESHOLDS`.

    Returns:
        "people" and "photographs", their numbers; in percent "AP", the mean over the
        thresholds, "AP50" and "AP75", and "recall" at half a false person a photograph;
        "score", the lowest at which that recall is reached.
    """
    curves = Curves(matches)
    precision = curves.average_precision()
    return {
        "people": int(curves.people),
        "photographs": len(matches.people),
        "AP": float(precision.mean()),
        "AP50": float(precision[THRESHOLDS.index(0.5)]),
        "AP75": float(precision[THRESHOLDS.index(0.75)]),
        "recall": curves.recall(),
        "score": curves.score_at(),
    }


def intervals(matches: Matches, counts, interval) -> dict:
    """Computes intervals of "AP50" and "recall" by resampling photographs.

    Args:
        matches: Of photographs.
        counts: The output of `bootstrap.resample_counts` for as many photographs.
        interval: A function from values to [low, high].
    """
    first = matches._replace(correct=matches.correct[:1], counted=matches.counted[:1])
    curves = [Curves(first, weights) for weights in counts]
    return {
        "AP50": interval(np.array([c.average_precision()[0] for c in curves])),
        "recall": interval(np.array([c.recall() for c in curves])),
    }


def count_at(matches: Matches, score: float = 0.0) -> dict:
    """Counts people above a score, at the first threshold.

    Returns:
        "found", "missed" and "false" people, "photographs", and the "f1" score, the
        harmonic mean of precision and recall, in percent.
    """
    chosen = matches.scores >= score
    found = int((matches.correct[0] & chosen).sum())
    false = int((matches.counted[0] & ~matches.correct[0] & chosen).sum())
    missed = int(matches.people.sum()) - found
    total = 2 * found + false + missed
    return {
        "photographs": len(matches.people),
        "found": found,
        "missed": missed,
        "false": false,
        "f1": 100 * 2 * found / total if total else np.nan,
    }
