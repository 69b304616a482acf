"""The window to look at a person by, where only their joints or their box are known."""

import numpy as np

from keras_hourglass.geometry import Crop

OF_JOINTS = 1.4  # of the joints' longer side: what MPII's windows are, in the median
OF_BOX = 1.25  # of a box's longer side: keeps hands and feet, and a little around them


def of_joints(joints, used) -> dict:
    """`center` and `side`, picture pixels, of some joints.

    Args:
        joints: `(J, 2)`, picture pixels.
        used: `(J,)`, which of them to look at, at least one. Of one alone `side` is 0.
    """
    low, high = joints[used].min(0), joints[used].max(0)
    return {"center": (low + high) / 2, "side": OF_JOINTS * (high - low).max()}


def of_box(box) -> dict:
    """`center` and `side`, picture pixels, of a box.

    Args:
        box: `(4,)`, index of its first pixel (x, y), then width and height.

    Raises:
        ValueError: If it has no size.
    """
    box = np.array(box, float)
    if box.shape != (4,) or not (box[2:] > 0).all():
        raise ValueError("`box` must be x, y, width and height, the last two above 0")
    crop = Crop.of_box(box, OF_BOX)
    return {"center": crop.center, "side": crop.right[0]}
