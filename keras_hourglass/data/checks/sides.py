"""Whose left and right look exchanged.

Nobody can be sure from joints alone, so three things are asked that hold for nearly
all people who are labelled well:

* Shoulders and hips face the same way: a body can be twisted, but not so far that both
  are seen broad, with right on the left of one and on the right of the other.
* Thighs and upper arms begin on their own side: if each reached for the other's end
  instead, they would not become shorter by more than a fifth.
* Most people of a dataset are seen from the front. Where most of many are not, left and
  right mean something else there, such as the sides as the viewer sees them.

Exchanging a person's every joint is seen by the last alone, and forearms and lower legs
are not asked about: people fold their arms.
"""

import numpy as np

from keras_hourglass.data.people import People

BROAD = 0.25  # of the trunk's length: so far apart are joints that face some way
LONGER = 1.2  # times: so much longer are bones that were exchanged
FROM_FRONT = 0.4  # of the people that face some way, at least
MANY = 50  # so many must face some way before that is said of a dataset


def swapped_sides(people: People) -> dict[int, str]:
    """Row -> why left and right look exchanged."""
    reasons = {}
    for row in np.flatnonzero(crossed_bones(people)):
        reasons[int(row)] = "upper arms or thighs cross over"
    for row in np.flatnonzero(twisted(people)):
        reasons[int(row)] = "shoulders and hips face opposite ways"
    return dict(sorted(reasons.items()))


def facing(people: People) -> np.ndarray:
    """How broad shoulders and hips are seen, from the front (+) or behind (-).

    Returns:
        `(people, 2)`, in lengths of the trunk; NaN where they are not labelled.
    """
    trunk = people.skeleton.torso
    if len(trunk) < 2:
        return np.full((len(people), 2), np.nan)
    joints = np.where(people.weights[..., None] > 0, people.joints, np.nan)
    ends = joints[:, np.array(trunk)].astype(float)  # people, which, side, x and y
    down = ends[:, 1].mean(1) - ends[:, 0].mean(1)
    x, y = np.moveaxis(ends[:, :, 1] - ends[:, :, 0], -1, 0)  # from right to left
    length = np.maximum((down**2).sum(-1), 1e-9)
    return (x * down[:, 1:] - y * down[:, :1]) / length[:, None]


def twisted(people: People) -> np.ndarray:
    """`(people,)`: whether shoulders and hips face opposite ways."""
    ways = facing(people)
    return (ways.prod(1) < 0) & (np.abs(ways).min(1) > BROAD)


def crossed_bones(people: People) -> np.ndarray:
    """`(people,)`: whether upper arms or thighs are too long, unless exchanged."""
    skeleton = people.skeleton
    joints = np.where(people.weights[..., None] > 0, people.joints, np.nan)
    crossed = np.zeros(len(people), bool)
    for right, left in skeleton.torso:
        for end in [b for a, b in skeleton.limb_segments if a == right]:
            twin = skeleton.flip_indices[end]
            own = _length(joints, right, end) + _length(joints, left, twin)
            other = _length(joints, right, twin) + _length(joints, left, end)
            crossed |= own > LONGER * other
    return crossed


def mirrored_throughout(people: People) -> str | None:
    """What to say where too few people are seen from the front."""
    ways = facing(people).sum(1)
    broad = np.abs(ways) > 2 * BROAD
    front = np.count_nonzero(ways[broad] > 0)
    if broad.sum() >= MANY and front < FROM_FRONT * broad.sum():
        return (
            f"in the whole dataset: {front:,} of {broad.sum():,} people "
            "are seen from the front"
        )
    return None


def _length(joints, a, b):
    return np.linalg.norm(joints[:, a] - joints[:, b], axis=-1)
