"""Smoothing of poses in videos: the One-Euro filter, applied to each person.

Casiez, Roussel, Vogel. 1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems, CHI 2012. https://doi.org/10.1145/2207676.2208639
"""

from dataclasses import dataclass, replace

import numpy as np

CUTOFF = 1.0  # Hz
CUTOFF_SLOPE = 8.0  # Hz for each length of the person per second
MIN_IOU = 0.3  # of a person's boxes in two frames
BOX_MARGIN = 0.1  # around the joints, as a share of their box's longer side
MAX_MISSED_SECONDS = 0.5  # after which a person is forgotten


def smoothing_factor(cutoff, seconds: float):
    """The weight of a new value in a low-pass filter, from 0 to 1.

    Args:
        cutoff: Frequency, Hz.
        seconds: Time since the previous value.
    """
    return 1 / (1 + 1 / (2 * np.pi * cutoff * seconds))


class OneEuro:
    """The One-Euro filter of points: strong for still points, quick for fast ones.

    Args:
        cutoff: Cutoff frequency of a still point, Hz: a lower one smooths more.
        slope: Increase of the cutoff with speed, Hz per unit and second: a higher one
            lags less. The unit is that of the points.
        speed_cutoff: Cutoff frequency of the speed itself, Hz.
    """

    def __init__(self, cutoff: float, slope: float, speed_cutoff: float = 1.0):
        self.cutoff, self.slope, self.speed_cutoff = cutoff, slope, speed_cutoff
        self._points, self._speed = None, None

    def __call__(self, points, seconds: float):
        """Smooths the points of one frame.

        A point that is not finite stays so, and the next one starts anew.

        Args:
            points: `(points, 2)`
            seconds: Time since the previous call; ignored in the first.

        Returns:
            `(points, 2)`

        Raises:
            ValueError: If `seconds` is not above 0.
        """
        points = np.asarray(points, float)
        if self._points is None:
            self._points, self._speed = points, np.zeros_like(points)
            return points
        if not seconds > 0:
            raise ValueError(f"`seconds` must be above 0. Received: {seconds=}")
        speed = (points - self._points) / seconds
        factor = smoothing_factor(self.speed_cutoff, seconds)
        speed = self._speed + factor * (speed - self._speed)
        length = np.linalg.norm(speed, axis=-1, keepdims=True)
        factor = smoothing_factor(self.cutoff + self.slope * length, seconds)
        smooth = self._points + factor * (points - self._points)
        restart = ~np.isfinite(smooth).all(-1, keepdims=True)
        self._points = np.where(restart, points, smooth)
        self._speed = np.where(restart, 0, speed)
        return self._points


@dataclass
class _Track:
    """A person over time."""

    filter: OneEuro
    length: float  # pixels: the unit of the filter
    box: np.ndarray  # `(2, 2)`, corners of the joints' box in the last frame
    seconds: float  # of the last frame


class PoseSmoother:
    """Smooths the poses of people in a video, frame by frame.

    Poses whose boxes overlap in two frames are one person. A person who is new, or
    has moved too far, is not smoothed.

    Args:
        cutoff: Cutoff frequency of a still joint, Hz; see `OneEuro`.
        slope: Increase of the cutoff, Hz for each length of the person's box per
            second, so that it fits people of any size.
    """

    def __init__(self, cutoff: float = CUTOFF, slope: float = CUTOFF_SLOPE):
        self.cutoff, self.slope = cutoff, slope
        self._tracks = []

    def __call__(self, poses: list, seconds: float) -> list:
        """Smooths the poses of one frame, and keeps their order.

        Args:
            poses: The `Pose` of each person.
            seconds: Time of the frame, later than that of the frame before.
        """
        self._tracks = [
            track
            for track in self._tracks
            if seconds - track.seconds <= MAX_MISSED_SECONDS
        ]
        boxes = [joints_box(pose.joints) for pose in poses]
        matches = match_boxes(boxes, [track.box for track in self._tracks])
        smoothed = []
        for index, (pose, box) in enumerate(zip(poses, boxes)):
            if index in matches:
                track = self._tracks[matches[index]]
            else:
                length = float((box[1] - box[0]).max())
                track = _Track(OneEuro(self.cutoff, self.slope), length, box, seconds)
                self._tracks.append(track)
            joints = track.filter(pose.joints / track.length, seconds - track.seconds)
            track.box, track.seconds = box, seconds
            smoothed.append(replace(pose, joints=joints * track.length))
        return smoothed


def joints_box(joints):
    """`(2, 2)`, the corners of a box around `(joints, 2)`, whose area is never 0."""
    low, high = joints.min(0), joints.max(0)
    margin = BOX_MARGIN * max(1.0, (high - low).max())
    return np.stack([low - margin, high + margin])


def match_boxes(new, old) -> dict[int, int]:
    """Matches new boxes with old ones, index by index, those of the highest IoU first.

    Args:
        new, old: Lists of boxes `(2, 2)`, two corners.
    """
    pairs = sorted(
        ((box_iou(a, b), i, j) for i, a in enumerate(new) for j, b in enumerate(old)),
        reverse=True,
    )
    matches = {}
    for iou, i, j in pairs:
        if iou >= MIN_IOU and i not in matches and j not in matches.values():
            matches[i] = j
    return matches


def box_iou(a, b) -> float:
    """Intersection over union of two boxes `(2, 2)`, two corners."""
    sides = np.minimum(a[1], b[1]) - np.maximum(a[0], b[0])
    intersection = np.prod(np.maximum(sides, 0))
    union = np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - intersection
    return float(intersection / union)
