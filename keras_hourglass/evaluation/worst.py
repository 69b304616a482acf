"""Whom a network finds worst."""

import numpy as np

from keras_hourglass.evaluation.rates import correct

COUNT = 40
THRESHOLD = 0.5  # reference lengths


def worst(errors, count: int = COUNT) -> np.ndarray:
    """The rows of those with the fewest joints right, in percent, the worst first.

    Of like people the one with the larger mean error comes first.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        count: At most so many.
    """
    scored = np.isfinite(errors)
    judged = np.flatnonzero(scored.any(1))
    shares = correct(errors, THRESHOLD, inclusive=True)[judged].sum(1)
    shares = shares / scored[judged].sum(1)
    order = np.lexsort((-np.nanmean(errors[judged], axis=1), shares))
    return judged[order[:count]]
