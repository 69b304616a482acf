"""People that the library draws itself: any number, from a seed, without a download.

They are for a first training and for tests: a network that has learnt them has
learnt nothing of photographs.
"""

from functools import lru_cache

import numpy as np

from keras_hourglass.data.datasets.synthetic.drawing import SIZE, WINDOW, draw, posed
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import MPII

__all__ = ["draw", "load"]

DEFAULT_COUNT, VALIDATION_COUNT = 2400, 400  # people
SEEDS = {"train": 0, "val": 1}  # never the same row of pictures


def load_synthetic(root=None) -> People:
    """Drawn people, and others to validate on.

    Args:
        root: How many train, in place of a folder.
    """
    try:
        count = DEFAULT_COUNT if root is None else int(root)
    except ValueError:
        count = 0
    if count < 1:
        raise DatasetError(
            f"`synthetic` takes a number of people, no folder. Received: {root!r}"
        )
    middle = np.full(2, (SIZE - 1) / 2)
    rows = [
        {
            "image": f"{split} {index}",
            "joints": posed(SEEDS[split], index).joints[:, :2],
            "weights": np.ones(len(MPII.joints)),
            "center": middle,
            "side": SIZE / WINDOW,
            "split": split,
            "reader": read_synthetic,
        }
        for split, people in [("train", count), ("val", VALIDATION_COUNT)]
        for index in range(people)
    ]
    return from_rows(MPII, rows)


@lru_cache(maxsize=4096)  # of 110 kB each: drawing again would take two milliseconds
def read_synthetic(picture: str) -> np.ndarray:
    """The pixels of one of the pictures that `load` lists."""
    split, index = picture.split()
    return draw(SEEDS[split], int(index))[0]
