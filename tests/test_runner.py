from collections import deque
from itertools import islice

import numpy as np
import pytest

from keras_hourglass import Pose, PoseTracker, Skeleton
from keras_hourglass.inference.boxes.finder import BoxFinder
from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.output.summary import PredictionSummary
from keras_hourglass.inference.runner import estimate_frames
from keras_hourglass.inference.sources import Failures, InputSource
from keras_hourglass.inference.sources.frames import READERS, InputFrame, read_frames

BOX, PAIR = np.array([0.0, 0, 50, 50]), Skeleton(("left_eye", "right_eye"))
FILM, PHOTO = InputSource("film.mp4", "video"), InputSource("photo.jpg", "image")


def pose_at(corner):
    joints = np.array([corner, corner + 50], float)
    return Pose(joints, np.ones(2), BOX, PAIR)


class Estimator:
    """Predicts one joint of each person: where the image or the box begins.

    As a real one does, it takes some images before it gives the first result.
    """

    ahead = 5

    def __init__(self, detect=None):
        self.detect = self.detector = detect  # gives the corners of an image's boxes

    def suppress(self, poses, given):
        return poses

    def stream(self, images, boxes=None, on_broken=None):
        pending = deque()

        def found():
            rows, error = pending.popleft()
            if error is not None:
                on_broken(None, error)
            return [pose_at(row) for row in rows]

        for pixels in images:
            error = None
            if boxes is not None:
                rows = next(boxes)[:, :2]
            elif self.detect is None:
                rows = [pixels[0, 0, :2]]
            else:
                try:
                    rows = self.detect(pixels)
                except ValueError as reason:
                    rows, error = [], reason
            pending.append((rows, error))
            if len(pending) > self.ahead:
                yield found()
        while pending:
            yield found()

    def track(self, frames, detect_every, smooth):
        tracker = PoseTracker(smooth)
        for number, frame in enumerate(frames):
            if self.detect is None:
                rows = [frame.image[0, 0, :2]]
            elif number % detect_every == 0:
                rows = self.detect(frame)
            yield tracker([pose_at(row) for row in rows], frame.time)


def film(count, source=FILM):
    for frame in range(count):
        pixels = np.full((40, 60, 3), 10 * (frame % 4), "uint8")
        yield InputFrame(source, pixels, frame, frame / 10, 10.0, count)


def row(x, y=0, score=1.0):
    return [x, y, 20, 20, score]


def test_people_are_found_in_their_own_frame_whatever_was_read_ahead():
    def find_boxes(frame):
        return np.reshape(
            [row(frame.index, n) for n in range(frame.index % 3)], (-1, 5)
        )

    results = [*estimate_frames(Estimator(), film(12), find_boxes)]
    assert [each.frame.index for each in results] == [*range(12)]
    for each in results:
        assert [pose.joints[0, 0] for pose in each.poses] == (
            [each.frame.index] * (each.frame.index % 3)
        )


def test_without_boxes_one_person_is_predicted():
    results = [*estimate_frames(Estimator(), film(4))]
    assert [each.poses[0].joints[0, 0] for each in results] == [0, 10, 20, 30]


@pytest.mark.parametrize("find_boxes", [None, lambda frame: np.array([row(1)])])
def test_no_more_frames_are_in_memory_than_are_read_ahead(find_boxes):
    """Counted by the frames that are alive, of an endless film."""
    alive, most = set(), 0

    class Counted(np.ndarray):
        def __del__(self):
            alive.discard(id(self))

    def endless():
        frame = 0
        while True:
            pixels = np.zeros((4, 4, 3), "uint8").view(Counted)
            alive.add(id(pixels))
            yield InputFrame(FILM, pixels, frame, frame / 10, 10.0)
            del pixels
            frame += 1

    for _ in islice(estimate_frames(Estimator(), endless(), find_boxes), 200):
        most = max(most, len(alive))
    ahead = Estimator.ahead if find_boxes else 0  # a followed person waits for nobody
    assert ahead <= most <= ahead + 4


def test_videos_are_smoothed_each_for_itself_and_images_never():
    other = InputSource("other.mp4", "video")
    frames = [
        *film(4),
        *film(4, other),
        InputFrame(PHOTO, np.full((4, 4, 3), 90, "uint8")),
    ]
    rough, smooth = (
        [
            each.poses[0].joints[0, 0]
            for each in estimate_frames(Estimator(), frames, smooth=smooth)
        ]
        for smooth in (False, True)
    )
    assert rough == [0, 10, 20, 30] * 2 + [90]
    assert smooth[0] == smooth[4] == 0 and smooth[8] == 90
    assert 0 < smooth[1] < 10 and smooth[1:4] == smooth[5:8]


def test_smoothing_knows_the_times_of_frames():
    def second(time):
        frames = [each._replace(seconds=each.index * time) for each in film(2)]
        _, last = estimate_frames(Estimator(), frames, smooth=True)
        return last.poses[0].joints[0, 0]

    at_once, soon, late = map(second, (0.01, 0.1, 0.5))
    assert 0 < at_once < soon < late < 10  # the later, the nearer to the new point
    assert second(2) == 10  # another person, after a second


def test_boxes_of_low_scores_or_outside_are_left_out_and_the_latter_are_failures():
    failures, rows = Failures(), [row(0, 0, 0.2), row(5, 0, 0.3), row(900), row(10)]
    frame = InputFrame(PHOTO, np.zeros((40, 60, 3), "uint8"))
    found = BoxFinder(rows, min_score=0.3, failures=failures)(frame)
    assert found[:, 0].tolist() == [5, 10]
    (message,) = failures.messages
    assert message.startswith("photo.jpg") and "outside" in message
    assert "900" in message
    assert BoxFinder(rows, min_score=2)(frame).shape == (0, 5)


def test_a_box_outside_of_a_video_is_one_failure():
    failures = Failures()
    find_boxes = BoxFinder([row(900), row(950), row(5)], failures=failures)
    frames = [*film(5), *film(5, InputSource("other.mp4", "video"))]
    assert [len(find_boxes(frame)) for frame in frames] == [1] * 10
    assert len(failures.messages) == 2 * 2


def test_of_given_boxes_those_of_the_highest_scores_count_in_their_order():
    rows, frame = [row(0, 0, 0.2), row(5, 0, 0.9), row(8, 0, 0.4)], next(film(1))
    best = BoxFinder([row(900), *rows], max_people=2)(frame)
    assert best[:, 0].tolist() == [5, 8]
    assert BoxFinder(rows)(frame)[:, 0].tolist() == [0, 5, 8]
    with pytest.raises(ValueError, match="`max_people` must be a positive integer"):
        BoxFinder(rows, max_people=0)


def fails_at_20(pixels):
    if pixels[0, 0, 0] == 20:  # the third frame of a film
        raise DetectorError("detector 'mine' failed")
    return [np.array([1, 1])]


@pytest.mark.parametrize("track", [True, False])
def test_an_image_on_which_the_detector_fails_is_left_out_and_others_are_not(track):
    failures, frames = Failures(), [*film(8), InputFrame(PHOTO, next(film(1)).pixels)]
    results = [
        *estimate_frames(Estimator(fails_at_20), frames, failures=failures, track=track)
    ]
    assert [each.frame.index for each in results] == [0, 1, None]
    assert failures.messages == ["film.mp4, frame 2: detector 'mine' failed"]


@pytest.mark.parametrize("track", [True, False])
def test_a_video_is_not_read_further_where_the_detector_fails(track, monkeypatch):
    taken = []

    def read(source):
        for frame in film(50, source):
            taken.append(frame)
            yield frame

    monkeypatch.setitem(READERS, "video", read)
    failures = Failures()
    options = {"failures": failures, "track": track}
    frames = read_frames([FILM, InputSource("b.mp4", "video")], failures)
    results = [*estimate_frames(Estimator(fails_at_20), frames, **options)]
    assert len(results) == 4 and len(taken) < 2 * (3 + Estimator.ahead + 2)


@pytest.mark.parametrize("track", [True, False])
def test_frames_before_the_end_of_a_cut_video_have_poses(track, monkeypatch):
    def read(source):
        yield from film(3, source)
        raise ValueError("film.mp4 ends too early")

    monkeypatch.setitem(READERS, "video", read)
    failures = Failures()
    frames = read_frames([FILM], failures)
    estimator = Estimator(lambda pixels: [np.array([1, 1])])
    found = estimate_frames(estimator, frames, failures=failures, track=track)
    assert len([*found]) == 3 and failures.sources == {FILM}


def test_a_source_that_failed_midway_is_not_done():
    failures = Failures()
    summary = PredictionSummary(2, failures)
    failures.add("film.mp4 ends too early", FILM)
    for source in (FILM, PHOTO):
        summary.end_source(source)
    assert summary.done == 1 and summary.failures == ["film.mp4 ends too early"]


@pytest.mark.parametrize("track", [True, False])
def test_a_camera_ends_where_the_detector_fails(track):
    frames = film(8, InputSource("0", "camera"))
    with pytest.raises(ValueError, match="0, frame 2: detector 'mine' failed"):
        [*estimate_frames(Estimator(fails_at_20), frames, track=track)]


def test_people_in_videos_are_numbered_where_a_detector_finds_them():
    """Or where it is asked for; each video counts from 1, images have no numbers."""

    def ids(detect=None, **options):
        frames = [*film(2), InputFrame(PHOTO, np.zeros((4, 4, 3), "uint8"))]
        frames += film(1, InputSource("other.mp4", "video"))
        results = estimate_frames(Estimator(detect), frames, **options)
        return [pose.id for each in results for pose in each.poses]

    def detect(pixels):
        return [np.array([1, 1])]

    assert ids(detect) == ids(track=True) == [1, 1, None, 1]
    assert ids() == ids(detect, track=False) == ids(detect, track=False, smooth=True)
    assert ids() == [None] * 4
    boxes = np.array([row(1), row(30)])
    assert ids(find_boxes=lambda frame: boxes) == [None] * 8
    numbered = ids(find_boxes=lambda frame: boxes, track=True)
    assert numbered == [1, 2, 1, 2, None, None, 1, 2]


def test_people_are_looked_for_in_every_third_frame_without_numbers_too():
    looked = []

    def detect(frame):
        looked.append(frame)
        return [np.array([1, 1])]

    for track in (True, False):
        options = {"track": track, "detect_every": 3}
        results = [*estimate_frames(Estimator(detect), film(7), **options)]
        assert len(looked) == 3 and len(results) == 7
        assert {each.poses[0].id for each in results} == {1 if track else None}
        looked.clear()
