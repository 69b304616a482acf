"""Errors in lengths of the torso, as Leeds Sports Pose is judged by: PCK@0.2.

The torso reaches from the left shoulder to the right hip, the diagonal of
Sapp, Taskar. MODEC: Multimodal Decomposable Models for Human Pose Estimation, CVPR 2013
(https://doi.org/10.1109/CVPR.2013.471); that a fifth of a length is correct is from
Yang, Ramanan. Articulated Human Detection with Flexible Mixtures of Parts, PAMI 2013
(https://doi.org/10.1109/TPAMI.2012.261), who measured by the larger side of a box.
"""

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.rates import columns
from keras_hourglass.evaluation.scoring import means

THRESHOLD = 0.2  # torsos
SAYS = "torso: left shoulder to right hip"


def by_torso(errors, people: People, drawn) -> dict | None:
    """PCK by the torso, as in `scoring.score`; None where no torso is labelled.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        people: Whose errors they are.
        drawn: What `bootstrap.draws` gives for as many people.
    """
    length = torsos(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = errors * (people.heads / length)[:, None]
    if not np.isfinite(errors).any():
        return None
    arguments = errors, people.skeleton, THRESHOLD
    return {
        "threshold": THRESHOLD,
        "says": SAYS,
        "people": int(np.isfinite(errors).any(1).sum()),
        "columns": columns(*arguments),
        "means": means(*arguments),
        "intervals": bootstrap.intervals(*arguments, drawn),
    }


def torsos(people: People) -> np.ndarray:
    """`(people,)`, picture pixels; NaN where an end of it is not labelled."""
    if len(people.skeleton.trunk) < 2:
        return np.full(len(people), np.nan)
    (_, shoulder), (hip, _) = people.skeleton.trunk
    length = np.linalg.norm(people.joints[:, shoulder] - people.joints[:, hip], axis=-1)
    known = (people.weights[:, [shoulder, hip]] > 0).all(1) & (length > 0)
    return np.where(known, length, np.nan)
