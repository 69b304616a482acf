"""Who is who from frame to frame, so that everybody's joints can be smoothed."""

from dataclasses import dataclass, replace

import numpy as np

from keras_hourglass.smoothing.one_euro import OneEuro

CUTOFF = 1.0  # Hz
BY_SPEED = 8.0  # Hz for each length of a person in a second
SAME = 0.3  # of two boxes' union, what both have if they are of one person
MARGIN = 0.1  # around joints, of their box's longer side
PATIENCE = 0.5  # seconds after which somebody unseen is forgotten


@dataclass
class _Person:
    filter: OneEuro
    length: float  # pixels: the unit that speeds are measured in
    box: np.ndarray  # of the joints: x and y of two corners
    seen: float  # seconds


class Smoother:
    """Smooths the joints of people in a video, given its frames in turn.

    Whose boxes of joints overlap in two frames is one person; who appears anew, or
    too far away, is not smoothed towards anybody else.

    Args:
        cutoff, by_speed: See `OneEuro`; lengths are in those of the person's box,
            so that they hold for people of any size.
    """

    def __init__(self, cutoff: float = CUTOFF, by_speed: float = BY_SPEED):
        self.cutoff, self.by_speed = cutoff, by_speed
        self._people = []

    def __call__(self, poses: list, seconds: float) -> list:
        """The poses of one frame, smoothed, in their order.

        Args:
            poses: A `Pose` of everybody on the frame.
            seconds: When the frame is, later than the one before.
        """
        self._people = [p for p in self._people if seconds - p.seen <= PATIENCE]
        boxes = [around(pose.joints) for pose in poses]
        known = matched(boxes, [person.box for person in self._people])
        smoothed = []
        for index, (pose, box) in enumerate(zip(poses, boxes)):
            if index in known:
                person = self._people[known[index]]
            else:
                length = float((box[1] - box[0]).max())
                filter = OneEuro(self.cutoff, self.by_speed)
                person = _Person(filter, length, box, seconds)
                self._people.append(person)
            joints = person.filter(pose.joints / person.length, seconds - person.seen)
            person.box, person.seen = box, seconds
            smoothed.append(replace(pose, joints=joints * person.length))
        return smoothed


def around(joints):
    """The box `(2, 2)`, two corners, of joints `(joints, 2)`, which is never flat."""
    low, high = joints.min(0), joints.max(0)
    spare = MARGIN * max(1.0, (high - low).max())
    return np.stack([low - spare, high + spare])


def matched(new, old) -> dict[int, int]:
    """Which of the new boxes is which of the old ones, those first that fit best.

    Args:
        new, old: Boxes `(2, 2)`: two corners.
    """
    pairs = sorted(
        ((overlap(a, b), i, j) for i, a in enumerate(new) for j, b in enumerate(old)),
        reverse=True,
    )
    found = {}
    for shared, i, j in pairs:
        if shared >= SAME and i not in found and j not in found.values():
            found[i] = j
    return found


def overlap(a, b) -> float:
    """The area that two boxes of two corners share, of all that they cover."""
    both = np.minimum(a[1], b[1]) - np.maximum(a[0], b[0])
    shared = np.prod(np.maximum(both, 0))
    covered = np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - shared
    return float(shared / covered)
