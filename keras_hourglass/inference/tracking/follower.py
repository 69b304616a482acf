"""Poses in a video, frame after frame: detected now and then, and followed between.

A frame's windows are those of the detector, and those around the last poses of people
whom it misses, for a second. Without a detector, the window of the one person goes
along.
"""

import numpy as np

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.tracking.tracker import (
    TIME_TOLERANCE,
    PoseTracker,
    assign,
)
from keras_hourglass.inference.views import box_of_joints

DETECT_EVERY = 1  # frames
MIN_IOU = 0.3  # of a detected box and that of a followed person
# From the first pass of the detector that misses a person, they are followed for that
# time: at 25 frames per second, in 25 frames, that of this pass among them.
MAX_UNCONFIRMED_SECONDS = 1.0
# Of a person's mean peak: below it, they are not where they are followed.
MIN_PEAK_RATIO = 0.7


class PeopleFollower:
    """Predicts the poses in one video, frame by frame, with a number for each person.

    Args:
        estimator: A `PoseEstimator`; its detector, if it has one, finds the people.
        detect_every: Frames from one pass of the detector to the next.
        smooth: Smooths the joints; see `PoseTracker`.

    Raises:
        ValueError: If `detect_every` is less than 1.
    """

    def __init__(
        self, estimator, detect_every: int = DETECT_EVERY, smooth: bool = False
    ):
        if detect_every < 1:
            raise ValueError(
                "`detect_every` must be at least 1. "
                f"Received: detect_every={detect_every}"
            )
        self.estimator, self.detect_every = estimator, detect_every
        self._tracker = PoseTracker(smooth)
        self._frames, self._last = 0, None  # seconds of the last frame
        self._missed_since = {}  # number of a person -> seconds

    def __call__(self, pixels, seconds: float) -> list[Pose]:
        """Predicts the poses of the next frame.

        Args:
            pixels: `(height, width, 3)`, uint8, RGB.
            seconds: Time of the frame.

        Raises:
            DetectorError: If a detector other than a network fails.
        """
        tracks = [t for t in self._tracker.tracks if t.seconds == self._last]
        followed = [self._followed(track, pixels, seconds) for track in tracks]
        known = [row is not None for row in followed]
        tracks = [track for track, keep in zip(tracks, known) if keep]
        followed = np.reshape([row for row in followed if row is not None], (-1, 5))
        if self.estimator.detector is None:
            detected = None
            poses = self._search(pixels, tracks, followed)
        else:
            detected = self._detect(pixels)
            missed = self._missed(detected, tracks, followed, seconds)
            poses = self._estimate(pixels, detected, tracks, followed, missed)
        poses = self._tracker(poses, seconds)
        self._note_missed(poses, detected, seconds)
        self._frames, self._last = self._frames + 1, seconds
        return poses

    def _followed(self, track, pixels, seconds):
        """The box and score of a person who moved on; None outside of the image."""
        pose = track.predict(seconds)
        box = box_of_joints(pose.joints, pose.peaks, self.estimator.window_rules)
        low, high = box[:2], box[:2] + box[2:]
        if not ((low < pixels.shape[1::-1]) & (high > 0)).all():
            return None  # also if it is NaN
        return np.append(box, pose.certainty)

    def _detect(self, pixels):
        """`(people, 5)`, boxes and scores; None between two passes of the detector."""
        if self._frames % self.detect_every:
            return None
        return np.column_stack(self.estimator.detector(pixels))

    def _missed(self, detected, tracks, followed, seconds):
        """Indices of those to follow: the detector misses them, or does not run."""
        found = {}
        if detected is not None:
            iou = box_iou(followed[:, None, :4], detected[None, :, :4], NUMPY)
            found = assign(iou, MIN_IOU)
        elapsed = [seconds - self._missed_since.get(t.number, seconds) for t in tracks]
        limit = MAX_UNCONFIRMED_SECONDS - TIME_TOLERANCE
        return [i for i, e in enumerate(elapsed) if i not in found and e < limit]

    def _estimate(self, pixels, detected, tracks, followed, missed):
        """Poses of those who are detected, and of those who are missed but still there.

        Where the peaks of a followed person fall, the window lies on something else.
        """
        detected = np.empty((0, 5)) if detected is None else detected
        missed = missed[: max(0, self.estimator.detector.max_people - len(detected))]
        boxes = np.concatenate([detected, followed[missed]])
        poses = self.estimator(pixels, boxes, passes=self.estimator.passes)
        count = len(detected)
        kept = [
            pose
            for pose, index in zip(poses[count:], missed)
            if pose.mean_peak >= MIN_PEAK_RATIO * tracks[index].peak
        ]
        return self.estimator.suppress([*poses[:count], *kept])

    def _search(self, pixels, tracks, followed):
        """Looks for the one person in the last window, or else in the whole frame."""
        poses = []
        if tracks:
            passes = max(1, self.estimator.passes - 1)
            poses = self.estimator(pixels, followed[:1, :4], passes=passes)
            if poses[0].mean_peak >= MIN_PEAK_RATIO * tracks[0].peak:
                return self.estimator.suppress(poses)
        return max(self.estimator(pixels), self.estimator.suppress(poses), key=_best)

    def _note_missed(self, poses, detected, seconds):
        """Notes since when the detector has missed each person."""
        if detected is None:
            return
        missed = [
            pose.id
            for pose in poses
            if not (box_iou(pose.box, detected[:, :4], NUMPY) >= MIN_IOU).any()
        ]
        self._missed_since = {n: self._missed_since.get(n, seconds) for n in missed}


def _best(poses):
    """The score of the one pose there may be."""
    return max((pose.score for pose in poses), default=-np.inf)
