"""Scores of parts of the people: hidden joints, sizes, company.

The rates of each joint alone, and which conventions count it.

Errors in lengths of the torso, as Leeds Sports Pose is judged by: PCK@0.2.

The torso reaches from the left shoulder to the right hip, the diagonal of
Sapp, Taskar. MODEC: Multimodal Decomposable Models for Human Pose Estimation, CVPR 2013
(https://doi.org/10.1109/CVPR.2013.471); that a fifth of a length is correct is from
Yang, Ramanan. Articulated Human Detection with Flexible Mixtures of Parts, PAMI 2013
(https://doi.org/10.1109/TPAMI.2012.261), who measured by the larger side of a box.

Whom a network finds worst.

What a report says of a network beside its scores.
"""

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.calibration import calibration
from keras_hourglass.evaluation.conventions import (
    CHOSEN,
    CONVENTIONS,
    columns,
    correct,
    rates,
)
from keras_hourglass.evaluation.predictions import Predictions
from keras_hourglass.evaluation.scoring import CURVE, THRESHOLDS, curves, means
from keras_hourglass.skeletons import Skeleton

GROUP_THRESHOLD = 0.5  # reference lengths
GROUPS = 3  # of the people by their size, as many in each


def by_group(errors, people: People, drawn) -> dict[str, list[dict]]:
    """Scores at 0.5 of each group of each kind; without kinds that nothing is known of.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        people: Whose errors they are.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        Kind -> of each group its "name", how many "people" and "joints" it has, the
        "means" in percent, and their "intervals".
    """
    return {
        kind: rows
        for kind, masks in people_groups(people).items()
        if (rows := [*_rows(errors, people, masks, drawn)])
    }


def people_groups(people: People) -> dict[str, dict]:
    """Kind -> group -> a mask that broadcasts to `(people, joints)`."""
    others = people.num_others[:, None]
    return {
        "joints": {"seen": people.visible == 1, "hidden": people.visible == 0},
        "size in the photograph": _thirds(people.source_sizes[:, None]),
        "others labelled in the picture": {
            "none": others == 0,
            "one": others == 1,
            "two or more": others > 1,
        },
    }


def _thirds(sizes):
    """Groups of as many people, by the borders between them in pixels."""
    borders = np.unique(np.quantile(sizes, np.arange(1, GROUPS) / GROUPS)).tolist()
    if not len(sizes) or sizes.min() == sizes.max():
        return {}
    lows, highs = [-np.inf, *borders], [*borders, np.inf]
    named = {}
    for low, high in zip(lows, highs):
        name = f"up to {high:.0f} pixels" if high < np.inf else f"over {low:.0f} pixels"
        if -np.inf < low and high < np.inf:
            name = f"{low:.0f} to {high:.0f} pixels"
        named[name] = (low < sizes) & (sizes <= high)
    return named


def _rows(errors, people, masks, drawn):
    skeleton = people.skeleton
    for name, mask in masks.items():
        part = np.where(mask, errors, np.nan)
        scored = np.isfinite(part)
        if scored.any():
            yield {
                "name": name,
                "people": int(scored.any(1).sum()),
                "joints": int(scored.sum()),
                "means": means(part, skeleton, GROUP_THRESHOLD),
                "intervals": bootstrap.intervals(
                    part, skeleton, GROUP_THRESHOLD, drawn
                ),
            }


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


TORSO_THRESHOLD = 0.2  # torsos
TORSO_DESCRIPTION = "torso: left shoulder to right hip"


def pck_torso(errors, people: People, drawn) -> dict | None:
    """PCK by the torso, as in `scoring.score`; None where no torso is labelled.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        people: Whose errors they are.
        drawn: What `bootstrap.draws` gives for as many people.
    """
    length = torsos(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = errors * (people.head_sizes / length)[:, None]
    if not np.isfinite(errors).any():
        return None
    arguments = errors, people.skeleton, TORSO_THRESHOLD
    return {
        "threshold": TORSO_THRESHOLD,
        "says": TORSO_DESCRIPTION,
        "people": int(np.isfinite(errors).any(1).sum()),
        "columns": columns(*arguments),
        "means": means(*arguments),
        "intervals": bootstrap.intervals(*arguments, drawn),
    }


def torsos(people: People) -> np.ndarray:
    """`(people,)`, picture pixels; NaN where an end of it is not labelled."""
    if len(people.skeleton.torso) < 2:
        return np.full(len(people), np.nan)
    (_, shoulder), (hip, _) = people.skeleton.torso
    length = np.linalg.norm(people.joints[:, shoulder] - people.joints[:, hip], axis=-1)
    known = (people.weights[:, [shoulder, hip]] > 0).all(1) & (length > 0)
    return np.where(known, length, np.nan)


HARDEST_COUNT = 40
HARDEST_THRESHOLD = 0.5  # reference lengths


def hardest_people(errors, count: int = HARDEST_COUNT) -> np.ndarray:
    """The rows of those with the fewest joints right, in percent, the worst first.

    Of like people the one with the larger mean error comes first.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        count: At most so many.
    """
    scored = np.isfinite(errors)
    judged = np.flatnonzero(scored.any(1))
    shares = correct(errors, HARDEST_THRESHOLD, inclusive=True)[judged].sum(1)
    shares = shares / scored[judged].sum(1)
    order = np.lexsort((-np.nanmean(errors[judged], axis=1), shares))
    return judged[order[:count]]


def describe_details(found: Predictions, people: People, drawn) -> dict:
    """What there is to say beside `score`.

    Args:
        found: What a network found on them.
        people: With the network's skeleton.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        "by_joint", "groups" and "calibration", as the functions of those names say;
        and "curve", with "thresholds" and the percents of each convention.
    """
    errors, skeleton = found.errors, people.skeleton
    return {
        "curve": {"thresholds": CURVE.tolist(), **curves(errors, skeleton)},
        "by_joint": by_joint(errors, skeleton, drawn),
        "groups": by_group(errors, people, drawn),
        "calibration": calibration(found.scores, errors, drawn),
    }
