from collections import deque
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest

from keras_hourglass.inference.frames import Frame
from keras_hourglass.inference.runner import estimate_frames, filter_boxes
from keras_hourglass.inference.sources import InputSource

FILM, PHOTO = InputSource("film.mp4", "video"), InputSource("photo.jpg", "picture")


@dataclass(frozen=True)
class Found:
    joints: np.ndarray


class Estimator:
    """Finds one joint of each person: where the picture or the box begins.

    As a real one does, it asks for some pictures before it answers of the first.
    """

    ahead = 5

    def stream(self, pictures, boxes=None):
        waiting = deque()
        for pixels in pictures:
            rows = [pixels[0, 0, :2]] if boxes is None else next(boxes)[:, :2]
            waiting.append([Found(np.array([row, row + 50], float)) for row in rows])
            if len(waiting) > self.ahead:
                yield waiting.popleft()
        yield from waiting


def film(count, source=FILM):
    for frame in range(count):
        pixels = np.full((40, 60, 3), 10 * (frame % 4), "uint8")
        yield Frame(source, pixels, frame, frame / 10, 10.0, count)


def row(x, y=0, score=1.0):
    return [x, y, 20, 20, score]


def test_everybody_is_seen_on_their_own_shot_whatever_was_read_ahead():
    def boxes_of(shot):
        return np.reshape([row(shot.frame, n) for n in range(shot.frame % 3)], (-1, 5))

    seen = [*estimate_frames(Estimator(), film(12), boxes_of)]
    assert [one.shot.frame for one in seen] == [*range(12)]
    for one in seen:
        assert [pose.joints[0, 0] for pose in one.poses] == (
            [one.shot.frame] * (one.shot.frame % 3)
        )
        assert len(one.certain) == len(one.poses)


def test_without_boxes_one_person_is_looked_for():
    seen = [*estimate_frames(Estimator(), film(4))]
    assert [one.poses[0].joints[0, 0] for one in seen] == [0, 10, 20, 30]
    assert {one.certain for one in seen} == {None}


@pytest.mark.parametrize("boxes_of", [None, lambda shot: np.array([row(1)])])
def test_no_more_shots_are_in_memory_than_are_read_ahead(boxes_of):
    """Counted by the shots that are alive, of an endless film."""
    alive, most = set(), 0

    class Counted(np.ndarray):
        def __del__(self):
            alive.discard(id(self))

    def endless():
        frame = 0
        while True:
            pixels = np.zeros((4, 4, 3), "uint8").view(Counted)
            alive.add(id(pixels))
            yield Frame(FILM, pixels, frame, frame / 10, 10.0)
            del pixels
            frame += 1

    for _ in islice(estimate_frames(Estimator(), endless(), boxes_of), 200):
        most = max(most, len(alive))
    assert Estimator.ahead <= most <= Estimator.ahead + 4


def test_videos_are_smoothed_each_for_itself_and_pictures_never():
    other = InputSource("other.mp4", "video")
    shots = [*film(4), *film(4, other), Frame(PHOTO, np.full((4, 4, 3), 90, "uint8"))]
    rough, smooth = (
        [
            one.poses[0].joints[0, 0]
            for one in estimate_frames(Estimator(), shots, smooth=smooth)
        ]
        for smooth in (False, True)
    )
    assert rough == [0, 10, 20, 30] * 2 + [90]
    assert smooth[0] == smooth[4] == 0 and smooth[8] == 90
    assert 0 < smooth[1] < 10 and smooth[1:4] == smooth[5:8]


def test_boxes_of_low_scores_or_outside_are_left_out_and_the_latter_named():
    failed, rows = [], [row(0, 0, 0.2), row(5, 0, 0.3), row(900), row(10)]
    shot = Frame(PHOTO, np.zeros((40, 60, 3), "uint8"))
    found = filter_boxes(lambda shot: np.array(rows), 0.3, failed.append)(shot)
    assert found[:, 0].tolist() == [5, 10]
    (said,) = failed
    assert said.startswith("photo.jpg") and "outside" in said and "900" in said
    assert filter_boxes(lambda shot: np.array(rows), 2, failed.append)(shot).shape == (
        0,
        5,
    )
