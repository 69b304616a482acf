"""Looking at one picture or frame after another, in memory that does not grow."""

from itertools import tee
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
    if boxes_of is None:
        pairs = ((shot, None) for shot in shots)
    else:
        pairs = ((shot, boxes_of(shot)) for shot in shots)
    pairs, images, boxes = tee(pairs, 3)
    images = (shot.pixels for shot, _ in images)
    boxes = None if boxes_of is None else (rows[:, :4] for _, rows in boxes)
    smoother = None
    for poses, (shot, rows) in zip(estimator.stream(images, boxes), pairs):
        if smooth and shot.frame is not None:
            smoother = smoother if shot.frame and smoother else Smoother()
            poses = smoother(poses, shot.seconds)
        yield Seen(shot, poses, None if rows is None else rows[:, 4])
