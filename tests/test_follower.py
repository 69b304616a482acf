"""People who are followed through a video between passes of the detector."""

import numpy as np
import pytest

from keras_hourglass import Pose, Skeleton
from keras_hourglass.inference.suppression import suppress_poses
from keras_hourglass.inference.tracking.follower import PeopleFollower
from keras_hourglass.inference.views import WINDOW_RULES

FPS = 25
CORNERS = Skeleton(("nose", "left_hip", "right_hip", "left_ankle"))
SHAPE = np.array([[0, 0], [1, 0.4], [0.3, 0.7], [1, 1]]) * (40, 80)


class Estimator:
    """Knows where the people are: it gives the pose that is nearest to each box.

    Without boxes, it gives the first person's.
    """

    window_rules = WINDOW_RULES

    def __init__(self, detector):
        self.detector, self.places = detector, []
        self.windows = []  # boxes of each frame; None for the whole one
        self.passes, self.passed = 1 if detector else 2, []

    def __call__(self, pixels, boxes=None, passes=None):
        self.passed.append(passes)
        self.windows.append(boxes if boxes is None else np.array(boxes))
        if boxes is None:
            return [self._pose(self.places[0], (0.0, 0, 400, 300), None)]
        rows = [np.append(row, [1.0] * (5 - len(row))) for row in boxes]
        nearest = [self._nearest(row) for row in rows]
        return [self._pose(place, row[:4], row[4]) for place, row in zip(nearest, rows)]

    def suppress(self, poses):
        return suppress_poses(poses, 0.1)

    def _nearest(self, row):
        middle = np.array(row[:2]) + (row[2] - 40, row[3] - 80) / np.array(2)
        places = np.array(self.places, float)
        return places[np.square(places - middle).sum(-1).argmin()]

    def _pose(self, place, box, score):
        return Pose(SHAPE + place, np.full(4, 0.8), np.array(box), CORNERS, score)


class Detector:
    """Finds those who are listed, and counts its passes."""

    max_people = 20

    def __init__(self):
        self.places, self.passes = [], 0

    def __call__(self, pixels):
        self.passes += 1
        boxes = [[*place, 40, 80] for place in self.places]
        return np.reshape(boxes, (-1, 4)).astype(float), np.full(len(boxes), 0.9)


@pytest.fixture
def estimator():
    return Estimator(Detector())


def follow(estimator, follower, frame, places, detected):
    """The numbers and places of the people in a frame."""
    estimator.places, estimator.detector.places = places, detected
    poses = follower(np.zeros((300, 400, 3), "uint8"), frame / FPS)
    return {pose.id: pose.joints[0].tolist() for pose in poses}


def test_windows_follow_people_between_passes_of_the_detector(estimator):
    follower = PeopleFollower(estimator, detect_every=4)
    for frame in range(10):
        places = [[50 + 4 * frame, 100], [300 - 3 * frame, 90]]
        detected = places if frame % 4 == 0 else []
        found = follow(estimator, follower, frame, places, detected)
        assert found == {1: places[0], 2: places[1]}
    assert estimator.detector.passes == 3


def test_who_is_missed_by_the_detector_is_followed_for_a_second(estimator):
    follower, seen = PeopleFollower(estimator), []
    for frame in range(2 * FPS):
        places = [[50, 100], [300, 90]]
        detected = places if frame < 5 else places[:1]
        seen.append({*follow(estimator, follower, frame, places, detected)})
    assert seen == [{1, 2}] * (5 + FPS) + [{1}] * (FPS - 5)


@pytest.mark.parametrize("detect_every, last", [(1, 5), (3, 3), (30, 0), (60, 0)])
def test_the_second_begins_at_the_first_pass_without_the_person(
    estimator, detect_every, last
):
    """Wherever in a video: the times of frames are rounded."""
    fps, first_miss = 30, last + detect_every
    for start in range(30):
        follower, seen = PeopleFollower(estimator, detect_every), 0
        for frame in range(first_miss + 2 * fps):
            estimator.places = [[50, 100]]
            estimator.detector.places = [[50, 100]] if frame <= last else []
            blank = np.zeros((300, 400, 3), "uint8")
            seen += len(follower(blank, (start + frame) / fps))
        assert seen == first_miss + fps


def test_a_person_who_is_found_and_followed_is_one(estimator):
    follower = PeopleFollower(estimator)
    for frame in range(5):
        place = [50 + 10 * frame, 100]
        assert follow(estimator, follower, frame, [place], [place]) == {1: place}
        assert len(estimator.windows[-1]) == 1


def test_who_leaves_the_image_is_not_followed(estimator):
    follower = PeopleFollower(estimator, detect_every=100)
    for frame in range(30):
        place = [350 + 20 * frame, 100]
        found = follow(estimator, follower, frame, [place], [place])
    assert found == {} and len(estimator.windows[-1]) == 0


def test_without_a_detector_each_frame_begins_at_the_last_window(estimator):
    """The pose does not hop to another person, who is the first one now."""
    estimator.detector, follower = None, PeopleFollower(estimator)
    ours, other = [50, 100], [300, 90]
    for frame, places in enumerate([[ours, other], [other, ours], [other, ours]]):
        estimator.places = places
        (pose,) = follower(np.zeros((300, 400, 3), "uint8"), frame / FPS)
        assert pose.joints[0].tolist() == ours and pose.id == 1
    assert [window is None for window in estimator.windows] == [True, False, False]


def test_without_a_detector_who_is_lost_is_searched_for_in_the_whole_frame(estimator):
    estimator.detector, follower = None, PeopleFollower(estimator)
    estimator.places = [[50, 100]]
    follower(np.zeros((300, 400, 3), "uint8"), 0.0)
    estimator.places, pose_at = [[300, 90]], estimator._pose

    def unsure(place, box, score):
        pose = pose_at(place, box, score)
        pose.scores[:] = 0.1 if box[2] < 400 else 0.7
        return pose

    estimator._pose = unsure
    (pose,) = follower(np.zeros((300, 400, 3), "uint8"), 1 / FPS)
    assert pose.joints[0].tolist() == [300, 90] and pose.score == pytest.approx(0.7)
    assert estimator.windows[1] is not None and estimator.windows[2] is None


def test_windows_take_as_many_passes_as_those_of_images(estimator):
    """Without a detector, the last window is in place of the first pass."""
    estimator.passes, follower = 3, PeopleFollower(estimator, detect_every=2)
    for frame in range(3):
        follow(estimator, follower, frame, [[50, 100]], [[50, 100]])
    assert estimator.passed == [3, 3, 3]
    for passes, expected in [(1, 1), (2, 1), (3, 2)]:
        estimator.detector, estimator.passed, estimator.passes = None, [], passes
        follower = PeopleFollower(estimator)
        for frame in range(2):
            follower(np.zeros((300, 400, 3), "uint8"), frame / FPS)
        assert estimator.passed == [None, expected]


def test_detect_every_counts_frames(estimator):
    with pytest.raises(ValueError, match="`detect_every` must be at least 1.*=0"):
        PeopleFollower(estimator, detect_every=0)
