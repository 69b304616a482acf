"""The One-Euro filter: still points are smoothed much, fast ones hardly lag.

Casiez, Roussel, Vogel. 1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems, CHI 2012. https://doi.org/10.1145/2207676.2208639

Who is who from frame to frame, so that everybody's joints can be smoothed.
"""

from dataclasses import dataclass, replace

import numpy as np


def smoothing_factor(cutoff, seconds: float):
    """How much a new value counts in a low-pass filter, from 0 to 1.

    Args:
        cutoff: Frequency, Hz.
        seconds: Since the value before.
    """
    return 1 / (1 + 1 / (2 * np.pi * cutoff * seconds))


class OneEuro:
    """Smooths some points over time.

    Args:
        cutoff: Hz, of a point that is still: less trembles less.
        by_speed: Hz that each unit per second adds: more lags less. The unit is that
            of the points.
        speed_cutoff: Hz, of the speed itself.
    """

    def __init__(self, cutoff: float, by_speed: float, speed_cutoff: float = 1.0):
        self.cutoff, self.by_speed = cutoff, by_speed
        self.speed_cutoff = speed_cutoff
        self._points, self._speed = None, None

    def __call__(self, points, seconds: float):
        """The points, smoothed.

        A point that is no finite number stays so; what comes after it starts anew.

        Args:
            points: `(points, 2)`
            seconds: Since the call before; of no meaning in the first.

        Raises:
            ValueError: If no time has passed.
        """
        points = np.asarray(points, float)
        if self._points is None:
            self._points, self._speed = points, np.zeros_like(points)
            return points
        if not seconds > 0:
            raise ValueError(f"`seconds` must be above 0. Received: {seconds=}")
        speed = (points - self._points) / seconds
        kept = smoothing_factor(self.speed_cutoff, seconds)
        speed = self._speed + kept * (speed - self._speed)
        length = np.linalg.norm(speed, axis=-1, keepdims=True)
        kept = smoothing_factor(self.cutoff + self.by_speed * length, seconds)
        smooth = self._points + kept * (points - self._points)
        anew = ~np.isfinite(smooth).all(-1, keepdims=True)
        self._points = np.where(anew, points, smooth)
        self._speed = np.where(anew, 0, speed)
        return self._points


CUTOFF = 1.0  # Hz
BY_SPEED = 8.0  # Hz for each length of a person in a second
SAME = 0.3  # of two boxes' union, what both have if they are of one person
MARGIN = 0.1  # around joints, of their box's longer side
MAX_MISSED_FRAMES = 0.5  # seconds after which somebody unseen is forgotten


@dataclass
class _Person:
    filter: OneEuro
    length: float  # pixels: the unit that speeds are measured in
    box: np.ndarray  # of the joints: x and y of two corners
    seen: float  # seconds


class PoseSmoother:
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
        self._people = [
            p for p in self._people if seconds - p.seen <= MAX_MISSED_FRAMES
        ]
        boxes = [joints_box(pose.joints) for pose in poses]
        known = match_people(boxes, [person.box for person in self._people])
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


def joints_box(joints):
    """The box `(2, 2)`, two corners, of joints `(joints, 2)`, which is never flat."""
    low, high = joints.min(0), joints.max(0)
    spare = MARGIN * max(1.0, (high - low).max())
    return np.stack([low - spare, high + spare])


def match_people(new, old) -> dict[int, int]:
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
