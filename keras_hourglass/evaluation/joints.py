"""The rates of each joint alone, and which conventions count it."""

import numpy as np

from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.conventions import CHOSEN, CONVENTIONS
from keras_hourglass.evaluation.rates import correct, rates
from keras_hourglass.evaluation.scoring import THRESHOLDS
from keras_hourglass.skeleton import Skeleton


def by_joint(errors, skeleton: Skeleton, drawn) -> list[dict]:
    """Of each joint that is labelled anywhere, how often it is found.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: What the joints are.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        The joint's "name", how often it is "labelled", "rates" in percent by
        threshold, an error exactly at it counted as right; "strict", the rate at the
        first threshold if it is not; "interval" of the first rate; and "counted", by
        which conventions.
    """
    first = THRESHOLDS[0]
    inclusive = {threshold: rates(errors, threshold, True) for threshold in THRESHOLDS}
    strict, labelled = rates(errors, first), np.isfinite(errors)
    right = correct(errors, first, True).astype("f4")
    with np.errstate(invalid="ignore"):
        shares = 100 * (drawn @ right) / (drawn @ labelled.astype("f4"))
    counted = {
        name: {*CHOSEN[convention.joints](skeleton)}
        for name, convention in CONVENTIONS.items()
    }
    return [
        {
            "name": name,
            "labelled": int(labelled[:, i].sum()),
            "rates": {str(t): float(found[i]) for t, found in inclusive.items()},
            "strict": float(strict[i]),
            "interval": interval(shares[:, i]),
            "counted": [by for by, joints in counted.items() if i in joints],
        }
        for i, name in enumerate(skeleton.joints)
        if labelled[:, i].any()
    ]
