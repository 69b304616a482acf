"""Kinds of errors: jitter, inversion, swap and miss.

Each scored joint beyond the threshold has exactly one kind, the first that fits.

Ronchi, Perona. Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation,
ICCV 2017. https://arxiv.org/abs/1707.05388

They tell errors apart by object keypoint similarity; here it is by the threshold of
PCKh or PCK, so that the kinds add up to what is missing to 100 %.
"""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.conventions import is_scored
from keras_hourglass.evaluation.predictions import Predictions
from keras_hourglass.evaluation.scoring import convention_means
from keras_hourglass.skeletons.measures import is_correct

NEAR = 2  # thresholds: the largest error of a jitter
NO_KIND = -1  # of joints that are correct, or not scored


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error.

    Attributes:
        title: In plain words.
        rule: Where the prediction lies.
    """

    title: str
    rule: str


KINDS = {  # in the order in which they are tried
    "jitter": ErrorKind("near", f"within {NEAR} thresholds of the truth"),
    "inversion": ErrorKind(
        "left/right exchanged",
        "within the threshold of the counterpart on the person's other side",
    ),
    "swap": ErrorKind(
        "another person's",
        "within the threshold of this joint, or of its counterpart, of another person "
        "who is labeled in the image",
    ),
    "miss": ErrorKind("missed", "elsewhere"),
}


def classify(predictions: Predictions, people: People) -> np.ndarray:
    """Finds the kind of each error.

    Args:
        predictions: Joints and errors.
        people: The people, in the same order, with the same joints. Others in an image
            are those of them that have the same image.

    Returns:
        `(people, joints)`: the number of the kind in `KINDS`, or `NO_KIND`.
    """
    errors, threshold = predictions.errors, people.skeleton.measure.threshold
    wrong = is_scored(errors) & ~is_correct(errors, threshold)
    fits = [
        is_correct(errors, NEAR * threshold),
        is_correct(counterpart_errors(predictions.joints, people), threshold),
        is_correct(others_errors(predictions.joints, people), threshold),
        np.ones_like(wrong),
    ]
    return np.where(wrong, np.select(fits, [*range(len(KINDS))]), NO_KIND)


def counterpart_errors(joints, people: People) -> np.ndarray:
    """Measures predictions from the counterparts of their joints.

    Args:
        joints: `(people, joints, 2)`, image pixels.
        people: The people.

    Returns:
        `(people, joints)`, in reference lengths; NaN where no counterpart is labeled.
    """
    flip = np.array(people.skeleton.flip_indices)
    truth = _known_joints(people)[:, flip]
    truth[:, flip == np.arange(len(flip))] = np.nan
    return _distances(joints, truth) / _lengths(people)


def others_errors(joints, people: People) -> np.ndarray:
    """Measures predictions from the joints of others in the image.

    Args:
        joints: `(people, joints, 2)`, image pixels.
        people: The people.

    Returns:
        `(people, joints)`: the distance from the same joint, or its counterpart, of
        the nearest other, in reference lengths of the person; infinite where there
        is none.
    """
    truth, flip = _known_joints(people), [*people.skeleton.flip_indices]
    nearest = np.full(joints.shape[:2], np.inf)
    for rows in people_by_image(people):
        for row in rows:
            others = truth[rows[rows != row]]
            both = np.concatenate([others, others[:, flip]])
            distances = _distances(joints[row], both)
            nearest[row] = np.where(np.isnan(distances), np.inf, distances).min(0)
    return nearest / _lengths(people)


def people_by_image(people: People) -> list[np.ndarray]:
    """Finds the images that show several people: the rows of each image's people."""
    rows = {}
    for row, image in enumerate(zip(people.images, map(id, people.readers))):
        rows.setdefault(image, []).append(row)
    return [np.array(group) for group in rows.values() if len(group) > 1]


def error_kinds(kinds, predictions: Predictions, people: People, counts) -> dict:
    """Counts the kinds of errors.

    Args:
        kinds: The output of `classify`.
        predictions: Joints and errors.
        people: The people, in the same order, with the same joints.
        counts: The output of `bootstrap.resample_counts` for as many people.

    Returns:
        A dictionary:

        - "threshold", the measure's own;
        - "unknown": kinds that the data cannot show, which count as misses: inversions
          without counterparts, swaps without an image of several people;
        - "total": for each kind, over the skeleton's scored joints, the number of
          "joints", "percent" of the scored ones, its "interval", the "gain": by
          convention, the percentage points that are gained if these errors were
          mended; and the "worst": "person", "joint" and "error" in reference lengths,
          or None. The percents and the value of `PCKh` add up to 100;
        - "per_joint": name -> "labeled", the number of people, and of each kind.
    """
    errors, skeleton = predictions.errors, people.skeleton
    labeled = is_scored(errors)
    columns = [*skeleton.scored]
    worst = worst_errors(kinds, predictions, people)
    total, before = {}, _means(errors, skeleton)
    per_person = counts @ labeled[:, columns].sum(1).astype("f4")
    for number, kind in enumerate(KINDS):
        mask = kinds == number
        scored = mask[:, columns]
        with np.errstate(invalid="ignore"):
            resampled = 100 * (counts @ scored.sum(1).astype("f4")) / per_person
        mended = _means(np.where(mask, 0, errors), skeleton)
        total[kind] = {
            "joints": int(scored.sum()),
            "percent": 100 * float(scored.sum() / max(1, labeled[:, columns].sum())),
            "interval": interval(resampled),
            "gain": {name: mended[name] - mean for name, mean in before.items()},
            "worst": _describe_worst(worst.get(kind), errors, people),
        }
    return {
        "threshold": skeleton.measure.threshold,
        "unknown": unknown_kinds(people),
        "total": total,
        "per_joint": {
            name: {
                "labeled": int(labeled[:, i].sum()),
                **{k: int((kinds[:, i] == n).sum()) for n, k in enumerate(KINDS)},
            }
            for i, name in enumerate(skeleton.joints)
            if labeled[:, i].any()
        },
    }


def unknown_kinds(people: People) -> list[str]:
    """Lists the kinds that cannot be told apart from misses on these people."""
    unknown = []
    flip = people.skeleton.flip_indices
    if flip == tuple(range(len(flip))):
        unknown.append("inversion")
    if not people_by_image(people):
        unknown.append("swap")
    return unknown


def worst_errors(kinds, predictions: Predictions, people: People) -> dict:
    """Finds the largest error of each kind: kind -> (row, joint), of scored joints."""
    columns = np.array(people.skeleton.scored, int)
    worst = {}
    for number, kind in enumerate(KINDS):
        errors = np.where(kinds == number, predictions.errors, -1)[:, columns]
        if errors.size and errors.max() >= 0:
            row, column = np.unravel_index(errors.argmax(), errors.shape)
            worst[kind] = int(row), int(columns[column])
    return worst


def _describe_worst(place, errors, people):
    if place is None:
        return None
    row, joint = place
    return {
        "person": str(people.names[row]),
        "joint": people.skeleton.joints[joint],
        "error": float(errors[row, joint]),
    }


def _means(errors, skeleton):
    return convention_means(errors, skeleton, skeleton.measure.threshold)


def _known_joints(people):
    """The labeled joints, `(people, joints, 2)`, image pixels; others are NaN."""
    return np.where(people.weights[..., None] > 0, people.joints, np.nan)


def _lengths(people):
    """The reference lengths, `(people, 1)`, image pixels; NaN where there is none."""
    lengths = people.reference_lengths[:, None]
    return np.where(lengths > 0, lengths, np.nan)


def _distances(joints, truth):
    return np.linalg.norm(joints - truth, axis=-1)
