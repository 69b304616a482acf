"""The work of `predict`: looks at everything, and writes what it sees."""

import signal
from contextlib import ExitStack, contextmanager
from itertools import groupby

from keras_hourglass import boxes, detectors, draw, outputs
from keras_hourglass.inputs import shots
from keras_hourglass.interrupted import Interrupted
from keras_hourglass.predict import PoseEstimator
from keras_hourglass.seen import look

CELL, COLUMNS = (256, 256), 6  # pixels of a picture on a contact sheet; in a row


def where(rows, listed, detector):
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
        given = boxes.boxes(rows)
        return (lambda shot: given), None
    if listed:
        known = boxes.read(listed)
        return (lambda shot: known.of(shot.source.name, shot.frame)), known
    if detector:
        detect = detectors.get(detector)
        return (lambda shot: detect(shot.pixels)), None
    return None, None


def run(meant, planned, boxes_of, watch, model, smooth, batch_size, **seeing):
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
            stopped = stack.enter_context(stopping()) if live else lambda: False
            write = [
                stack.enter_context(
                    outputs.opened(path, kind, skeleton, kinds != {"picture"})
                )
                for path, kind in planned.data
            ]
            seen = look(estimator, shots(meant, watch.fail, stopped), boxes_of, smooth)
            for source, group in groupby(seen, key=lambda one: one.shot.source):
                cells += one_source(group, planned, source, skeleton, write, watch)
            if cells:
                sheet = draw.sheet(cells, COLUMNS, CELL)
                for path in planned.sheets:
                    outputs.save(path, sheet)
    except KeyboardInterrupt:
        raise Interrupted(watch.interrupted()) from None


def one_source(group, planned, source, skeleton, write, watch):
    """Writes what is seen of one picture, video or camera.

    Returns:
        What is to come on a contact sheet of it, if there is one.
    """
    places, cells = planned.places(source), []
    with ExitStack() as stack:
        takes = [stack.enter_context(outputs.drawing(path)) for path in places]
        for one in group:
            if takes or planned.sheets:
                pixels = outputs.drawn(one, skeleton)
            for take in takes:
                take(pixels, one.shot)
            if planned.sheets:
                cells.append(draw.fitted(pixels, CELL))
            for each in write:
                each(one, places[0] if places else None)
            watch.step(one.shot)
    watch.end(one.shot)
    return cells


@contextmanager
def stopping():
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
