"""Breakdowns of an evaluation: by group of people, by joint, by torso, by person.

All functions take errors `(people, joints)` in reference lengths, NaN where a joint is
not scored, and `counts`, the output of `bootstrap.resample_counts` for as many people.

PCK@0.2 of the torso is the measure of Leeds Sports Pose. The torso reaches from the
left shoulder to the right hip, the diagonal of
Sapp, Taskar. MODEC: Multimodal Decomposable Models for Human Pose Estimation, CVPR 2013
(https://doi.org/10.1109/CVPR.2013.471); the threshold of a fifth is from
Yang, Ramanan. Articulated Human Detection with Flexible Mixtures of Parts, PAMI 2013
(https://doi.org/10.1109/TPAMI.2012.261), who measured by the longer side of a box.
"""

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.calibration import calibration
from keras_hourglass.evaluation.conventions import (
    JOINT_SUBSETS,
    column_rates,
    conventions,
    is_scored,
    joint_rates,
)
from keras_hourglass.evaluation.scoring import (
    convention_means,
    curve_thresholds,
    curves,
)
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.skeletons.measures import is_correct

SIZE_GROUPS = 3  # of people by their size, equally many in each
TORSO_THRESHOLD = 0.2  # torso lengths
TORSO_DESCRIPTION = "torso: left shoulder to right hip"
HARDEST_COUNT = 40


def all_breakdowns(errors, scores, people: People, counts) -> dict:
    """Computes the parts of a report that `scoring.score` lacks.

    Args:
        errors: `(people, joints)`
        scores: `(people, joints)`, 0 to 1.
        people: The people, in the order of the errors.
        counts: See the module.

    Returns:
        A dictionary of "by_joint", "groups" and "calibration", see the functions of
        those names; and "curve", with "thresholds" and each convention's percentages.
    """
    skeleton = people.skeleton
    thresholds = curve_thresholds(skeleton).tolist()
    return {
        "curve": {"thresholds": thresholds, **curves(errors, skeleton)},
        "by_joint": by_joint(errors, skeleton, counts),
        "groups": by_group(errors, people, counts),
        "calibration": calibration(scores, errors, counts, skeleton.measure.threshold),
    }


def by_group(errors, people: People, counts) -> dict[str, list[dict]]:
    """Computes the scores of groups of joints and people, where the dataset knows them.

    Returns:
        Kind of group -> for each group its "name", the numbers of "people" and
        "joints", the "means" in percent, and their "intervals". Kinds of which the
        dataset knows nothing are left out.
    """
    return {
        kind: rows
        for kind, masks in people_groups(people).items()
        if (rows := [*_group_rows(errors, people.skeleton, masks, counts)])
    }


def people_groups(people: People) -> dict[str, dict]:
    """Gives masks: kind -> group -> a mask that broadcasts to `(people, joints)`."""
    others = people.num_others[:, None]
    return {
        "visibility": {
            "visible": people.visible == 1,
            "occluded": people.visible == 0,
        },
        "size in the original image": _size_masks(people.source_sizes[:, None]),
        "other people labeled in the image": {
            "none": others == 0,
            "one": others == 1,
            "two or more": others > 1,
        },
    }


def _size_masks(sizes):
    """Splits people into groups of equal number, named by their bounds in pixels."""
    if not len(sizes) or sizes.min() == sizes.max():
        return {}
    bounds = np.unique(np.quantile(sizes, np.arange(1, SIZE_GROUPS) / SIZE_GROUPS))
    lows, highs = [-np.inf, *bounds.tolist()], [*bounds.tolist(), np.inf]
    masks = {}
    for low, high in zip(lows, highs):
        name = f"up to {high:.0f} pixels" if high < np.inf else f"over {low:.0f} pixels"
        if -np.inf < low and high < np.inf:
            name = f"{low:.0f} to {high:.0f} pixels"
        masks[name] = (low < sizes) & (sizes <= high)
    return masks


def _group_rows(errors, skeleton, masks, counts):
    for name, mask in masks.items():
        part = np.where(mask, errors, np.nan)
        scored = is_scored(part)
        if scored.any():
            arguments = part, skeleton, skeleton.measure.threshold
            yield {
                "name": name,
                "people": int(scored.any(1).sum()),
                "joints": int(scored.sum()),
                "means": convention_means(*arguments),
                "intervals": bootstrap.mean_intervals(*arguments, counts),
            }


def by_joint(errors, skeleton: Skeleton, counts) -> list[dict]:
    """Computes the rates of each joint that is labeled at least once.

    Returns:
        For each joint its "name"; "labeled", the number of people; "rates" in percent
        by threshold, where an error at the threshold is correct; "strict", the rate at
        the measure's own threshold where it is not; the "interval" of the rate at that
        threshold; and "counted", the names of the conventions that average it.
    """
    main, thresholds = skeleton.measure.threshold, skeleton.measure.thresholds
    rates = {threshold: joint_rates(errors, threshold) for threshold in thresholds}
    strict, labeled = joint_rates(errors, main, inclusive=False), is_scored(errors)
    correct = is_correct(errors, main).astype("f4")
    with np.errstate(invalid="ignore"):
        resampled = 100 * (counts @ correct) / (counts @ labeled.astype("f4"))
    counted = {
        name: {*JOINT_SUBSETS[convention.joints](skeleton)}
        for name, convention in conventions(skeleton).items()
    }
    return [
        {
            "name": name,
            "labeled": int(labeled[:, i].sum()),
            "rates": {str(threshold): float(r[i]) for threshold, r in rates.items()},
            "strict": float(strict[i]),
            "interval": bootstrap.interval(resampled[:, i]),
            "counted": [name for name, joints in counted.items() if i in joints],
        }
        for i, name in enumerate(skeleton.joints)
        if labeled[:, i].any()
    ]


def pck_torso(errors, people: People, counts) -> dict | None:
    """Computes PCK relative to the torso, with the keys of `scoring.score`.

    Returns:
        A dictionary, or None where no torso is labeled, or the skeleton is not that
        of a human.
    """
    if not people.skeleton.has_arms_and_legs:
        return None
    lengths = torso_lengths(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = errors * (people.reference_lengths / lengths)[:, None]
    if not is_scored(errors).any():
        return None
    arguments = errors, people.skeleton, TORSO_THRESHOLD
    return {
        "threshold": TORSO_THRESHOLD,
        "description": TORSO_DESCRIPTION,
        "people": int(is_scored(errors).any(1).sum()),
        "columns": column_rates(*arguments),
        "means": convention_means(*arguments),
        "intervals": bootstrap.mean_intervals(*arguments, counts),
    }


def torso_lengths(people: People) -> np.ndarray:
    """Measures torsos: `(people,)`, image pixels; NaN where an end is not labeled."""
    if len(people.skeleton.torso) < 2:
        return np.full(len(people), np.nan)
    (_, shoulder), (hip, _) = people.skeleton.torso
    length = np.linalg.norm(people.joints[:, shoulder] - people.joints[:, hip], axis=-1)
    known = (people.weights[:, [shoulder, hip]] > 0).all(1) & (length > 0)
    return np.where(known, length, np.nan)


def hardest_people(errors, threshold: float, count: int = HARDEST_COUNT):
    """Finds the people with the fewest correct joints; ties by the larger mean error.

    Args:
        errors: See the module.
        threshold: In reference lengths.
        count: People to find.

    Returns:
        `(people,)`, rows of `errors`, the hardest first, at most `count`.
    """
    scored = is_scored(errors)
    rows = np.flatnonzero(scored.any(1))
    rates = is_correct(errors, threshold)[rows].sum(1) / scored[rows].sum(1)
    order = np.lexsort((-np.nanmean(errors[rows], axis=1), rates))
    return rows[order[:count]]
