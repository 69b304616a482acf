"""One person of a dataset: a row of `People`."""

from dataclasses import dataclass, field

import numpy as np

from keras_hourglass.skeletons import Skeleton


@dataclass(frozen=True, eq=False)
class Person:
    """One person of a dataset.

    Attributes:
        name: Text that identifies the person in a message.
        image: Path of the image, or the value that `reader` reads it from.
        joints: `(J, 2)`, float32, image pixels, x before y.
        weights: `(J,)`, float32, 0 where absent, else the label's trust, up to 1.
        visible: `(J,)`, float32, 1 where visible, 0 where occluded, NaN where unknown.
        center: `(2,)`, float32, middle of the window, image pixels.
        side: Longer edge of the window, image pixels.
        head_size: Size of the head, image pixels.
        box_size: `(2,)`, float32, width and height of the box, image pixels.
        split: "train", "val" or "test".
        skeleton: Names and limbs of the joints.
        reader: Function that reads the image; None where it is a file.
    """

    name: str
    image: str
    joints: np.ndarray
    weights: np.ndarray
    visible: np.ndarray
    center: np.ndarray
    side: float
    head_size: float
    box_size: np.ndarray
    split: str
    skeleton: Skeleton = field(repr=False)
    reader: object = field(default=None, repr=False)
