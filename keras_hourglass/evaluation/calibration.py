"""Whether scores can be believed: of those of 0.7, are 70 % right?

Guo et al. On Calibration of Modern Neural Networks, ICML 2017.
https://arxiv.org/abs/1706.04599
"""

import numpy as np

from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.conventions import correct

BINS = 10  # of the scores from 0 to 1
THRESHOLD = 0.5  # reference lengths: an error up to that is right


def calibration(scores, errors, drawn) -> dict:
    """How many joints are right among those of like score.

    Args:
        scores: `(people, joints)`; below 0 counts as 0, above 1 as 1.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        "bins", of which each that has joints says "low" and "high", the number of
        "joints", their mean "score", how many percent are "right", and the "interval"
        of that; and "error", the mean distance of both in percentage points, every
        joint counted alike.
    """
    scored = np.isfinite(errors)
    scores = np.clip(scores, 0, 1)
    right = correct(errors, THRESHOLD, inclusive=True)
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins, away = [], 0.0
    for number in range(BINS):
        inside = scored & (place == number)
        if not inside.any():
            continue
        count, hits = inside.sum(), (inside & right).sum()
        mean, share = float(scores[inside].mean()), 100 * hits / count
        away += abs(100 * mean - share) * count
        counts, found = (mask.sum(1).astype("f4") for mask in (inside, inside & right))
        with np.errstate(invalid="ignore"):
            drawn_shares = 100 * (drawn @ found) / (drawn @ counts)
        bins.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "joints": int(count),
                "score": mean,
                "right": float(share),
                "interval": interval(drawn_shares),
            }
        )
    return {"bins": bins, "error": float(away / max(1, scored.sum()))}
