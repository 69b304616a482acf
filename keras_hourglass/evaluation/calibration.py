"""Calibration of scores: of the joints with score 0.7, 70 % should be correct.

Guo et al. On Calibration of Modern Neural Networks, ICML 2017.
https://arxiv.org/abs/1706.04599
"""

import numpy as np

from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.conventions import is_scored
from keras_hourglass.skeletons.measures import is_correct

BINS = 10  # of the scores from 0 to 1


def calibration(scores, errors, counts, threshold: float) -> dict:
    """Computes the rate of correct joints among those of similar score.

    Args:
        scores: `(people, joints)`, clipped to 0 to 1; NaN counts as 0.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        counts: The output of `bootstrap.resample_counts` for as many people.
        threshold: Largest error of a correct joint, in reference lengths.

    Returns:
        A dictionary of "bins", with "low" and "high" of the scores, the number of
        "joints", their mean "score", the percentage "correct" and its "interval", for
        each bin that has joints; and "error", the expected calibration error in
        percentage points, weighted by joints.
    """
    scored = is_scored(errors)
    scores = np.clip(np.nan_to_num(scores), 0, 1)
    correct = is_correct(errors, threshold)
    index = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins, total = [], 0.0
    for number in range(BINS):
        inside = scored & (index == number)
        if not inside.any():
            continue
        joints, hits = inside.sum(), inside & correct
        score, rate = float(scores[inside].mean()), 100 * hits.sum() / joints
        total += abs(100 * score - rate) * joints
        per_person, hits_per_person = (m.sum(1).astype("f4") for m in (inside, hits))
        with np.errstate(invalid="ignore"):
            rates = 100 * (counts @ hits_per_person) / (counts @ per_person)
        bins.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "joints": int(joints),
                "score": score,
                "correct": float(rate),
                "interval": interval(rates),
            }
        )
    return {"bins": bins, "error": float(total / max(1, scored.sum()))}
