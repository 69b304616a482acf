"""What is found of one person."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """What was found of one person.

    Attributes:
        joints: `(joints, 2)`, x before y, picture pixels, in the model's order.
        scores: `(joints,)`, heights of the heatmaps' peaks, about 0 to 1.
        box: `(4,)`, where the person was looked for: x, y, width, height, pixels.
        names: Of the joints.
    """

    joints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    names: tuple[str, ...]
