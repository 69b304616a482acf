"""One person of MPII, in this library's conventions.

Everything peculiar to MPII stays in this file: pixels counted from 1, sizes in
units of 200 pixels, head boxes whose diagonal overstates the head, and which of
its training people everybody validates on.
"""

from functools import cache
from importlib.resources import files as package_files

import numpy as np

from keras_hourglass.data.readers.rows import SkipPerson

UNIT = 200  # pixels of standing height in one unit of `scale`
MARGIN = 1.25  # the crop is larger than the person, to keep hands and feet
DROP = 15  # pixels per unit of `scale`: the labelled center sits high on the body
HEAD = 0.6  # of the head box's diagonal is the head, says the official evaluation
HEAD_OF_SCALE = 25  # pixels per unit of `scale`: the same length, to 0.02 %
LACKING = "no joints, center or scale"


def validation_pairs() -> list[tuple[int, int]]:
    """(image, person), both counted from 1, of the 2,958 validation people.

    In the order in which published predictions list them. The choice is that of
    Tompson et al., Joint Training of a Convolutional Network and a Graphical Model,
    2014, https://arxiv.org/abs/1406.2984, which all later work uses.
    """
    listed = package_files("keras_hourglass.data.datasets.mpii") / "validation.csv"
    with listed.open() as file:
        return [tuple(map(int, line.split(","))) for line in file]


def split_of(image: int, person: int) -> str:
    """Whether a person, both counted from 1, is among those to validate on."""
    return "val" if (image, person) in _validation() else "train"


@cache
def _validation():
    return {*validation_pairs()}


def head_size(boxes) -> np.ndarray:
    """`(...)`, the length errors are measured in, of `(..., 2, 2)` opposite corners."""
    return HEAD * np.linalg.norm(np.diff(boxes, axis=-2)[..., 0, :], axis=-1)


def person_window(objpos, scale) -> dict:
    """`center` and `side`, picture pixels, of what MPII says of a person.

    Args:
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
    """
    return {
        "center": np.subtract(objpos, 1) + (0, DROP * scale),
        "side": UNIT * MARGIN * scale,
    }


def to_person(objpos, scale, joints, head=None) -> dict:
    """One person, in this library's conventions.

    Args:
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
        joints: `(16, 2)`, x before y, in MPII pixels; (0, 0) where absent.
        head: Its `head_size`, where a head box is published.

    Raises:
        LeftOut: If there is no joint or no scale.
    """
    if not np.any(joints) or not scale > 0:
        raise SkipPerson(LACKING)
    known = head is not None and np.isfinite(head)
    return {
        **person_window(objpos, scale),
        "joints": np.subtract(joints, 1),
        "weights": np.any(joints, axis=-1),
        "head_size": head if known else HEAD_OF_SCALE * scale,
    }
