"""Looking at one picture or frame after another, in memory that does not grow."""

from collections import deque
from typing import NamedTuple

import numpy as np

from keras_hourglass.inputs import Shot
from keras_hourglass.predict import Pose, PoseEstimator
from keras_hourglass.smoothing import Smoother


class Seen(NamedTuple):
    """What was found on a picture or a frame.

    Attributes:
        shot: That.
        poses: Of everybody.
        certain: The scores of their boxes; None where there were no boxes.
    """

    shot: Shot
    poses: list[Pose]
    certain: np.ndarray | None


def look(estimator: PoseEstimator, shots, boxes_of=None, smooth: bool = False):
    """Finds people's joints, and yields what was `Seen`, shot by shot.

    A few batches of shots are in memory, however many come.

    Args:
        estimator: What finds the joints.
        shots: An iterable of `Shot`.
        boxes_of: From a shot to the boxes of people, `(people, 5)`, with scores;
            without it, one person is looked for in each.
        smooth: Whether joints in a video are to tremble less; see `Smoother`.
    """
    waiting, asked = deque(), deque()  # `tee` would keep 57 of them, and more

    def images():
        for shot in shots:
            rows = None if boxes_of is None else boxes_of(shot)
            waiting.append((shot, rows))
            if rows is not None:
                asked.append(rows)
            yield shot.pixels

    def boxes():  # each is asked for after its picture
        while asked:
            yield asked.popleft()[:, :4]

    smoother = None
    for poses in estimator.stream(images(), boxes_of and boxes()):
        shot, rows = waiting.popleft()
        if smooth and shot.frame is not None:
            smoother = smoother if shot.frame and smoother else Smoother()
            poses = smoother(poses, shot.seconds)
        yield Seen(shot, poses, None if rows is None else rows[:, 4])
