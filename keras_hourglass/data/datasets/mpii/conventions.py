"""MPII's conventions for a person, converted to this library's.

Everything peculiar to MPII is in this package: pixels counted from 1, sizes in units of
200 pixels, head boxes whose diagonal overstates the head, and the choice of validation
people.
"""

from functools import cache
from importlib.resources import files as package_files

import numpy as np

from keras_hourglass.data.readers.rows import SkipPerson

UNIT = 200  # pixels of standing height per unit of `scale`
MARGIN = 1.25  # the window is larger than the person, to include hands and feet
DROP = 15  # pixels per unit of `scale`: the labeled center sits high on the body
HEAD_RATIO = 0.6  # of the head box's diagonal, as in the official evaluation
HEAD_OF_SCALE = 25  # pixels per unit of `scale`: the same length, to 0.02 %
INCOMPLETE = "no joints, center or scale"


def validation_pairs() -> list[tuple[int, int]]:
    """Returns (image, person), counted from 1, of the 2,958 validation people.

    In the order of published predictions. The choice is that of Tompson et al., Joint
    Training of a Convolutional Network and a Graphical Model for Human Pose Estimation,
    NIPS 2014, https://arxiv.org/abs/1406.2984, which all later work uses.
    """
    path = package_files("keras_hourglass.data.datasets.mpii") / "validation.csv"
    with path.open() as file:
        return [tuple(map(int, line.split(","))) for line in file]


def split_of(image: int, person: int) -> str:
    """Returns the split of a person: "val" or "train". Both numbers count from 1."""
    return "val" if (image, person) in _validation() else "train"


@cache
def _validation():
    return {*validation_pairs()}


def head_size(boxes) -> np.ndarray:
    """Computes the reference lengths of PCKh from head boxes.

    Args:
        boxes: `(..., 2, 2)`, two opposite corners each.

    Returns:
        `(...)`, in the boxes' unit.
    """
    diagonal = np.linalg.norm(np.diff(boxes, axis=-2)[..., 0, :], axis=-1)
    return HEAD_RATIO * diagonal


def person_window(objpos, scale) -> dict:
    """Computes `center` and `side` of a person's window, in image pixels.

    Args:
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
    """
    return {
        "center": np.subtract(objpos, 1) + (0, DROP * scale),
        "side": UNIT * MARGIN * scale,
    }


def to_person(objpos, scale, joints, head=None) -> dict:
    """Converts a person into a part of a row of `people.from_rows`.

    Args:
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
        joints: `(16, 2)`, x before y, in MPII pixels; (0, 0) where absent.
        head: The person's `head_size`, if a head box is published.

    Raises:
        SkipPerson: If there are no joints or no scale.
    """
    if not np.any(joints) or not scale > 0:
        raise SkipPerson(INCOMPLETE)
    known = head is not None and np.isfinite(head)
    return {
        **person_window(objpos, scale),
        "joints": np.subtract(joints, 1),
        "weights": np.any(joints, axis=-1),
        "head_size": head if known else HEAD_OF_SCALE * scale,
    }
