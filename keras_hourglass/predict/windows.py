"""Where people are looked for: boxes that a caller names, and what was found."""

import numpy as np

from keras_hourglass.data.window import of_joints
from keras_hourglass.geometry import Crop

NEAREST = 0.125  # of the first window: a second look is no nearer, whatever was found
SURE = 0.3  # of the highest score: joints below do not widen the second look


def around(joints, scores, seen: Crop, size: tuple[int, int]) -> Crop:
    """The window around joints that were found, of those that are sure enough.

    Args:
        joints: `(joints, 2)`, picture pixels.
        scores: `(joints,)`
        seen: The upright window that they were found in.
        size: Columns and rows of the grid that is to be laid on the new one.
    """
    near = of_joints(joints, scores >= SURE * scores.max())
    least = NEAREST * max(seen.right[0], seen.down[1])
    return Crop.around(near["center"], np.maximum(near["side"], least), size)


def checked(box):
    box = np.atleast_2d(np.asarray(box, float))
    if box.ndim != 2 or box.shape[1] != 4 or not (box[:, 2:] > 0).all():
        raise ValueError(
            "`boxes` must be rows of x, y, width, height, the last two above 0. "
            f"Received: {box.tolist()}"
        )
    if not np.isfinite(box).all():
        raise ValueError(f"`boxes` must be finite. Received: {box.tolist()}")
    return box
