"""Tracking of poses: a number for each person, from frame to frame.

The poses of a frame are assigned to people by object keypoint similarity and by the
overlap of boxes, all at once by the Hungarian method, after each person moved on at
their last speed: Bewley et al. Simple Online and Realtime Tracking, ICIP 2016,
https://arxiv.org/abs/1602.00763, with poses in place of boxes alone.
"""

from dataclasses import replace

import numpy as np

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou
from keras_hourglass.inference.oks import AREA_OF_BOX, sigmas_of, similarities
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.tracking.smoothing import CUTOFF, CUTOFF_SLOPE, OneEuro
from keras_hourglass.inference.views import box_of_joints

MAX_MISSED_SECONDS = 1.0  # after which a person who comes back is a new one
TIME_TOLERANCE = 1e-6  # seconds: differences of times are rounded
MIN_SIMILARITY = 0.1  # of a pose and a person: the mean of OKS and IoU
# Time after which a person who is out of sight is thought to have slowed down: those
# behind others walk on, those beyond the edge of the image may come back.
COASTING_SECONDS = 0.5
# Growth of tolerances, and loss of similarity, per second without the person.
TOLERANCE_GROWTH, SIMILARITY_LOSS = 4.0, 0.3
PEAK_SHARE = 0.2  # of a new peak in the mean


class Track:
    """A person over time.

    Args:
        number: The number of the person.
        smoothing: Cutoff frequency and slope of the filter of joints; see `OneEuro`.

    Attributes:
        number: See above.
        pose: The last `Pose`, not smoothed.
        seconds: Time of that pose.
        peak: Mean peak of the last poses; see `Pose.mean_peak`.
    """

    def __init__(self, number: int, smoothing: tuple[float, float]):
        self.number = number
        self.pose = self.seconds = self.peak = None
        self._filter, self._length = OneEuro(*smoothing), None

    def update(self, pose: Pose, seconds: float) -> np.ndarray:
        """Adds a pose, and gives the smoothed joints, `(joints, 2)`."""
        if self.pose is None:
            self._length = max(1.0, np.ptp(_finite(pose)[0], axis=0).max())
            self.seconds = seconds
        elapsed = seconds - self.seconds
        smooth = self._length * self._filter(pose.joints / self._length, elapsed)
        old = pose.mean_peak if self.peak is None else self.peak
        self.peak = old + PEAK_SHARE * (pose.mean_peak - old)
        self.pose, self.seconds = pose, seconds
        return smooth

    def predict(self, seconds: float) -> Pose:
        """Moves the last pose on to a time, at the median speed of its joints."""
        speed = np.median(self._filter.speed, axis=0) * self._length
        elapsed = (seconds - self.seconds) / COASTING_SECONDS
        shift = COASTING_SECONDS * (1 - np.exp(-elapsed)) * speed
        box = self.pose.box + np.append(shift, (0, 0))
        return replace(self.pose, joints=self.pose.joints + shift, box=box)


class PoseTracker:
    """Gives each person in a video a number, frame by frame.

    A person who comes back within a second, from behind another or from outside of the
    image, usually keeps the number. Numbers count from 1, and none is given twice.

    Args:
        smooth: Smooths the joints of each person by the One-Euro filter.
        cutoff: Cutoff frequency of a still joint, Hz; see `OneEuro`.
        slope: Increase of the cutoff, Hz for each length of the person per second, so
            that it fits people of any size.
        max_missed_seconds: Time after which a person who comes back is a new one.

    Attributes:
        tracks: A `Track` for each person of the last `max_missed_seconds`.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    estimator, tracker = kh.PoseEstimator(), kh.PoseTracker()
    for time in (0.0, 0.04, 0.08):
        poses = estimator(np.full((480, 640, 3), 127, "uint8"))
        print([pose.id for pose in tracker(poses, time)])
    ```
    """

    def __init__(
        self,
        smooth: bool = False,
        cutoff: float = CUTOFF,
        slope: float = CUTOFF_SLOPE,
        max_missed_seconds: float = MAX_MISSED_SECONDS,
    ):
        if not max_missed_seconds >= 0:
            raise ValueError(
                "`max_missed_seconds` must be 0 or more. "
                f"Received: max_missed_seconds={max_missed_seconds}"
            )
        self.smooth, self.max_missed_seconds = smooth, max_missed_seconds
        self.tracks, self._count, self._smoothing = [], 0, (cutoff, slope)

    def __call__(self, poses: list[Pose], seconds: float) -> list[Pose]:
        """Numbers the poses of one frame.

        Args:
            poses: A `Pose` for each person, all of one skeleton.
            seconds: Time of the frame.

        Returns:
            The poses with their `id`, in the order given.

        Raises:
            ValueError: If the time is not later than that of the frame before.
        """
        self.tracks = [
            track
            for track in self.tracks
            if seconds - track.seconds <= self.max_missed_seconds + TIME_TOLERANCE
        ]
        matches, numbered = self._match(poses, seconds), []
        for index, pose in enumerate(poses):
            track = matches.get(index)
            if track is None:
                self._count += 1
                track = Track(self._count, self._smoothing)
                self.tracks.append(track)
            joints = track.update(pose, seconds)
            joints = joints if self.smooth else pose.joints
            numbered.append(replace(pose, joints=joints, id=track.number))
        return numbered

    def _match(self, poses, seconds) -> dict[int, Track]:
        """Assigns tracks to poses, by the poses' indices."""
        if not poses or not self.tracks:
            return {}
        matches = assign(self._similarities(poses, seconds), MIN_SIMILARITY)
        return {row: self.tracks[column] for row, column in matches.items()}

    def _similarities(self, poses, seconds):
        """`(poses, tracks)`, 0 to 1: the mean of OKS and IoU."""
        joints, peaks, boxes = map(np.stack, zip(*map(_finite, poses)))
        moved = [_finite(track.predict(seconds)) for track in self.tracks]
        old_joints, old_peaks, old_boxes = map(np.stack, zip(*moved))
        missed = seconds - np.array([track.seconds for track in self.tracks])
        sides = np.maximum(boxes[:, None, 2:], old_boxes[None, :, 2:])
        areas = AREA_OF_BOX * sides.prod(-1) * (1 + TOLERANCE_GROWTH * missed) ** 2
        oks = similarities(
            joints[:, None] - old_joints,
            np.minimum(peaks[:, None], old_peaks).clip(0),
            areas,
            sigmas_of(poses[0].skeleton),
        )
        iou = box_iou(boxes[:, None], old_boxes, NUMPY)
        return (np.nan_to_num(oks) + iou) / 2 * (1 - SIMILARITY_LOSS * missed)


def assign(similarity, least: float) -> dict[int, int]:
    """Assigns rows to columns, each at most once, at the highest sum of similarities.

    Args:
        similarity: `(rows, columns)`.
        least: Pairs of lower similarity are left out.

    Returns:
        The column of each assigned row.
    """
    from scipy.optimize import linear_sum_assignment  # takes time

    similarity = np.where(similarity < least, 0, similarity)
    pairs = zip(*linear_sum_assignment(similarity, maximize=True))
    return {int(row): int(column) for row, column in pairs if similarity[row, column]}


def _finite(pose):
    """Joints, peaks and the joints' box of a pose, without NaN.

    A joint that is NaN lies in the middle of the pose's box with a peak of 0.
    """
    known = np.isfinite(pose.joints).all(-1) & np.isfinite(pose.peaks)
    middle = pose.box[:2] + (pose.box[2:] - 1) / 2
    joints = np.where(known[:, None], pose.joints, middle)
    peaks = np.where(known, pose.peaks, 0)
    return joints, peaks, box_of_joints(joints, peaks)
