"""Windows of people: of their box or, without a usable one, of their joints."""

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.readers.rows import MIN_SIDE, SkipPerson

NO_WINDOW = "neither a usable box nor joints that are apart"
NORMALIZED = "joints in normalized coordinates (at most 1), not in pixels"
NO_BOX = "have no usable box: their window follows from the joints"
NORMALIZED_BOX = (
    "have a box in normalized coordinates (at most 1), not in pixels: their window "
    "follows from the joints"
)


def window_of_person(joints, labeled, box=None, noted: bool = True) -> dict:
    """Makes the window of a row of `people.from_rows`.

    Args:
        joints: `(J, 2)`, image pixels.
        labeled: `(J,)`, bool: which of them are labeled.
        box: As the annotation has it: x, y, width, height, or anything else.
        noted: Whether to note that there is no usable box.

    Raises:
        SkipPerson: If the labeled joints are not apart, either.
    """
    if (usable := parse_box(box)) is not None:
        return warp.window_of_box(usable)
    placed = labeled & joints.any(-1)  # (0, 0) is hardly ever a joint
    window = warp.window_of_joints(joints, placed) if placed.any() else {"side": 0}
    if window["side"] < MIN_SIDE:
        normalized = placed.sum() > 1 and (joints[placed] <= 1).all()
        raise SkipPerson(NORMALIZED if normalized else NO_WINDOW)
    note = NORMALIZED_BOX if _is_normalized(_as_box(box)) else NO_BOX
    return {**window, "notes": [note] if noted else []}


def parse_box(box) -> np.ndarray | None:
    """Parses a box: `(4,)`; None if it is missing, empty or not four numbers.

    Neither is one whose values are all at most 1, as of normalized coordinates.
    """
    box = _as_box(box)
    if box is None or box[2:].max() < MIN_SIDE or _is_normalized(box):
        return None
    return box


def _as_box(box):
    """Converts a box to `(4,)`; None if it is not four numbers, or has no size."""
    try:
        box = np.array(box, float)
    except (TypeError, ValueError):
        return None
    usable = box.shape == (4,) and np.isfinite(box).all() and (box[2:] > 0).all()
    return box if usable else None


def _is_normalized(box):
    return box is not None and box.max() <= 1
