"""Which boxes of a picture are looked at.

Looking at one picture or frame after another, in memory that does not grow.

The work of `predict`: looks at everything, and writes what it sees.
"""

import signal
from collections import deque
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import NamedTuple

import numpy as np

from keras_hourglass.inference import detectors
from keras_hourglass.inference.box_files import read_boxes
from keras_hourglass.inference.boxes import require_overlap, to_boxes
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.frames import Frame, read_frames
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.smoothing import PoseSmoother
from keras_hourglass.inference.writers import (
    open_renderer,
    open_writer,
    render_frame,
    save_image,
)
from keras_hourglass.utils import Interrupted
from keras_hourglass.visualization.grids import image_grid, letterbox


def filter_boxes(boxes_of, least: float, fail):
    """The same function from a `Shot` to boxes `(people, 5)`, of those worth a look.

    Args:
        boxes_of: Such a function.
        least: The score from which on a box counts.
        fail: What to call with which boxes lie wholly outside of their picture.
    """

    def of(shot):
        rows = boxes_of(shot)
        rows = rows[rows[:, 4] >= least]
        kept = [row for row in rows if _inside(row, shot, fail)]
        return np.reshape(kept, (-1, 5))

    return of


def _inside(row, shot, fail) -> bool:
    try:
        require_overlap(row[None, :4], shot.pixels.shape[1::-1], shot.source.name)
    except ValueError as error:
        fail(str(error))
        return False
    return True


class FrameResult(NamedTuple):
    """What was found on a picture or a frame.

    Attributes:
        shot: That.
        poses: Of everybody.
        certain: The scores of their boxes; None where there were no boxes.
    """

    shot: Frame
    poses: list[Pose]
    certain: np.ndarray | None


def estimate_frames(
    estimator: PoseEstimator, shots, boxes_of=None, smooth: bool = False
):
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
            smoother = smoother if shot.frame and smoother else PoseSmoother()
            poses = smoother(poses, shot.seconds)
        yield FrameResult(shot, poses, None if rows is None else rows[:, 4])


CELL, COLUMNS = (256, 256), 6  # pixels of a picture on a contact sheet; in a row


def box_source(rows, listed, detector):
    """How boxes are found, as options say.

    Args:
        rows: Boxes of everybody, in every picture.
        listed: A file of boxes.
        detector: The name of a detector.

    Returns:
        A function from a `Shot` to boxes, None where there are none of these; and the
        `Boxes` that were read of a file, or None.
    """
    if rows:
        given = to_boxes(rows)
        return (lambda shot: given), None
    if listed:
        known = read_boxes(listed)
        return (lambda shot: known.of(shot.source.name, shot.frame)), known
    if detector:
        detect = detectors.get_detector(detector)
        return (lambda shot: detect(shot.pixels)), None
    return None, None


def predict_sources(
    meant, planned, boxes_of, watch, model, smooth, batch_size, **seeing
):
    """Looks at all sources, and writes what was planned.

    Args:
        meant: The `Source`s.
        planned: An `outputs.Plan`.
        boxes_of: See `seen.look`.
        watch: Is told how far it is.
        smooth: See `seen.look`.
        model, batch_size, seeing: See `PoseEstimator`.

    Raises:
        Interrupted: After Ctrl-C; what was written whole stays.
    """
    for folder in planned.needed():
        folder.mkdir(parents=True, exist_ok=True)
    kinds = {source.kind for source in meant}
    live = kinds == {"camera"}  # is not to lag behind by a batch
    estimator = PoseEstimator(model, batch_size=1 if live else batch_size, **seeing)
    skeleton, cells = estimator.model.skeleton, []
    watch.start()
    try:
        with ExitStack() as stack:
            stopped = (
                stack.enter_context(stop_on_interrupt()) if live else lambda: False
            )
            write = [
                stack.enter_context(
                    open_writer(path, kind, skeleton, kinds != {"picture"})
                )
                for path, kind in planned.data
            ]
            seen = estimate_frames(
                estimator, read_frames(meant, watch.fail, stopped), boxes_of, smooth
            )
            for source, group in groupby(seen, key=lambda one: one.shot.source):
                cells += predict_source(group, planned, source, skeleton, write, watch)
            if cells:
                sheet = image_grid(cells, COLUMNS, CELL)
                for path in planned.sheets:
                    save_image(path, sheet)
    except KeyboardInterrupt:
        raise Interrupted(watch.interrupted()) from None


def predict_source(group, planned, source, skeleton, write, watch):
    """Writes what is seen of one picture, video or camera.

    Returns:
        What is to come on a contact sheet of it, if there is one.
    """
    places, cells = planned.places(source), []
    with ExitStack() as stack:
        takes = [stack.enter_context(open_renderer(path)) for path in places]
        for one in group:
            if takes or planned.sheets:
                pixels = render_frame(one, skeleton)
            for take in takes:
                take(pixels, one.shot)
            if planned.sheets:
                cells.append(letterbox(pixels, CELL))
            for each in write:
                each(one, places[0] if places else None)
            watch.step(one.shot)
    watch.end(one.shot)
    return cells


@contextmanager
def stop_on_interrupt():
    """Gives a function that tells whether Ctrl-C was pressed: cameras end so.

    Pressed again, it stops the command as usual.
    """
    pressed = []

    def press(number, frame):
        pressed.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
