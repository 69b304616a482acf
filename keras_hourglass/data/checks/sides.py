"""Swapped sides: people whose left and right joints seem to be exchanged.

Joints alone do not prove it, so three properties are checked that hold for nearly all
people with correct labels:

* Shoulders and hips face the same way. A body can be twisted, but hardly so far that
  both appear wide, with the right joint on the left of one and on the right of the
  other.
* Thighs and upper arms begin on their own side: with the ends exchanged, they would not
  become shorter by more than a fifth.
* Most people of a dataset face the camera. Where most of many do not, left and right
  have another meaning in that dataset, such as the viewer's sides.

Only the last finds people with all joints exchanged. Forearms and lower legs are not
checked: people fold their arms. None of them holds for animals.
"""

import numpy as np

from keras_hourglass.data.people import People

MIN_WIDTH = 0.25  # torso lengths between shoulders or hips that face some way
MAX_LENGTH_RATIO = 1.2  # of limbs to the same limbs with exchanged ends
MIN_FRONT_SHARE = 0.4  # of the people who face some way
MIN_PEOPLE = 50  # who face some way, before a whole dataset is judged


def swapped_sides(people: People) -> dict[int, str]:
    """Finds people whose left and right seem to be swapped: row -> reason."""
    reasons = {}
    for row in np.flatnonzero(crossed_limbs(people)):
        reasons[int(row)] = "upper arms or thighs cross over"
    for row in np.flatnonzero(twisted(people)):
        reasons[int(row)] = "shoulders and hips face opposite ways"
    return dict(sorted(reasons.items()))


def facing(people: People) -> np.ndarray:
    """Computes the signed width of shoulders and hips.

    Returns:
        `(people, 2)`, in torso lengths, positive for people who face the camera; NaN
        where joints are not labeled.
    """
    torso = _torso(people.skeleton)
    if len(torso) < 2:
        return np.full((len(people), 2), np.nan)
    ends = _labeled_joints(people)[:, np.array(torso)].astype(float)
    down = ends[:, 1].mean(1) - ends[:, 0].mean(1)  # from the shoulders to the hips
    x, y = np.moveaxis(ends[:, :, 1] - ends[:, :, 0], -1, 0)  # from right to left
    length = np.maximum((down**2).sum(-1), 1e-9)
    return (x * down[:, 1:] - y * down[:, :1]) / length[:, None]


def twisted(people: People) -> np.ndarray:
    """Returns `(people,)`: whether shoulders and hips face opposite ways."""
    widths = facing(people)
    return (widths.prod(1) < 0) & (np.abs(widths).min(1) > MIN_WIDTH)


def crossed_limbs(people: People) -> np.ndarray:
    """Returns `(people,)`: whether upper arms or thighs are much shorter exchanged."""
    skeleton, joints = people.skeleton, _labeled_joints(people)
    crossed = np.zeros(len(people), bool)
    for right, left in _torso(skeleton):
        for end in [b for a, b in skeleton.limb_segments if a == right]:
            twin = skeleton.flip_indices[end]
            own = _length(joints, right, end) + _length(joints, left, twin)
            other = _length(joints, right, twin) + _length(joints, left, end)
            crossed |= own > MAX_LENGTH_RATIO * other
    return crossed


def mirrored_throughout(people: People) -> str | None:
    """Describes the problem of a dataset in which too few people face the camera."""
    widths = facing(people).sum(1)
    wide = np.abs(widths) > 2 * MIN_WIDTH
    front = np.count_nonzero(widths[wide] > 0)
    if wide.sum() >= MIN_PEOPLE and front < MIN_FRONT_SHARE * wide.sum():
        return f"whole dataset: {front:,} of {wide.sum():,} people face the camera"
    return None


def _torso(skeleton):
    """Returns a person's shoulders and hips; none of an animal's."""
    return skeleton.torso if skeleton.is_person else ()


def _labeled_joints(people):
    """`(people, joints, 2)`, NaN where a joint is not labeled."""
    return np.where(people.weights[..., None] > 0, people.joints, np.nan)


def _length(joints, a, b):
    return np.linalg.norm(joints[:, a] - joints[:, b], axis=-1)
