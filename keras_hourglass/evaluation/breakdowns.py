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
    CONVENTIONS,
    JOINT_SUBSETS,
    column_rates,
    conventions,
    group_convention,
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

EVERYONE = "everyone"
# Labeled joints of the 12 of arms and legs: whole people, most of one, an upper body at
# a table, a part at the edge of a photograph.
LABELED_GROUPS = {
    "10 to 12": range(10, 13),
    "8 or 9": range(8, 10),
    "5 to 7": range(5, 8),
    "4 or fewer": range(5),
}
# Pixels of the box's longer side. Fixed ones, unlike thirds, are the same for every
# dataset, and users know on which side their people are. Up to 192, a network of 256
# pixels sees a window that was enlarged; 96 is where COCO's large objects begin.
SIZE_BOUNDS = 96, 192
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
    return _score_groups(errors, people.skeleton, people_groups(people), counts)


def group_percentages(
    errors, people: People, counts, groups=None
) -> dict[str, list[dict]]:
    """Computes one percentage for each group, that of `group_convention`.

    Args:
        errors, people, counts: See the module.
        groups: Masks, as those of `people_groups`, which are the default.

    Returns:
        Kind of group, the first of which is everyone -> for each group its "name", the
        numbers of "people" and of "joints" that the convention averages, "percent" of
        them that are correct, and its "interval".
    """
    skeleton = people.skeleton
    name = group_convention(skeleton)
    chosen = [*JOINT_SUBSETS[CONVENTIONS[name].joints](skeleton)]
    part = np.full(errors.shape, np.nan)
    part[:, chosen] = errors[:, chosen]
    groups = people_groups(people) if groups is None else groups
    groups = {EVERYONE: {EVERYONE: np.True_}} | groups
    return {
        kind: [
            {
                **{key: row[key] for key in ("name", "people", "joints")},
                "percent": row["means"][name],
                "interval": row["intervals"][name],
            }
            for row in rows
        ]
        for kind, rows in _score_groups(part, skeleton, groups, counts).items()
    }


def percentages_with_found(
    errors, people: People, counts, found_counts
) -> dict[str, list[dict]]:
    """Computes percentages of all people, and of those that a detector found.

    Args:
        errors, people, counts: See the module. Those found come first.
        found_counts: The resamples of these.

    Returns:
        As `group_percentages`. Each group has "found", the same numbers of those found.
    """
    count, groups = found_counts.shape[1], people_groups(people)
    masks = {  # not those of `people[:count]`, who may be of one size
        kind: {name: mask[:count] for name, mask in named.items()}
        for kind, named in groups.items()
    }
    found = group_percentages(errors[:count], people[:count], found_counts, masks)
    groups = group_percentages(errors, people, counts, groups)
    none = {"people": 0, "joints": 0, "percent": np.nan, "interval": [np.nan] * 2}
    made = {}
    for kind, rows in groups.items():
        numbers = {
            row["name"]: {key: row[key] for key in none} for row in found.get(kind, [])
        }
        made[kind] = [{**row, "found": numbers.get(row["name"], none)} for row in rows]
    return made


def errors_of_missed(people: People) -> np.ndarray:
    """Computes errors of people without predictions, all of whose joints are wrong."""
    scored = (people.weights > 0) & (people.reference_lengths > 0)[:, None]
    return np.where(scored, np.inf, np.nan)


def _score_groups(errors, skeleton, groups, counts):
    return {
        kind: rows
        for kind, masks in groups.items()
        if (rows := [*_group_rows(errors, skeleton, masks, counts)])
    }


def people_groups(people: People) -> dict[str, dict]:
    """Gives masks: kind -> group -> a mask that broadcasts to `(people, joints)`."""
    others = people.num_others[:, None]
    return {
        "labeled limb joints": _labeled_masks(people),
        "visibility": {
            "visible": people.visible == 1,
            "occluded": people.visible == 0,
        },
        "longer side of the box in the photograph": _size_masks(
            people.source_box_lengths[:, None]
        ),
        "other people labeled in the image": {
            "none": others == 0,
            "one": others == 1,
            "two or more": others > 1,
        },
    }


def _labeled_masks(people):
    """Groups people by labeled joints; none where the skeleton lacks arms or legs."""
    skeleton = people.skeleton
    if not skeleton.has_arms_and_legs:
        return {}
    weights = people.weights[:, [*skeleton.arms_and_legs]]
    labeled = (weights > 0).sum(1, keepdims=True)
    return {name: np.isin(labeled, [*c]) for name, c in LABELED_GROUPS.items()}


def _size_masks(sizes):
    """Groups people by `SIZE_BOUNDS`; those of one size are not grouped."""
    if not len(sizes) or sizes.min() == sizes.max():
        return {}
    low, high = SIZE_BOUNDS
    return {
        f"up to {low} pixels": sizes <= low,
        f"{low} to {high} pixels": (low < sizes) & (sizes <= high),
        f"over {high} pixels": high < sizes,
    }


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
