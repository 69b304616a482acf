"""Synthetic people: any number of rendered images, from a seed, without a download.

They serve a first training and tests. A network trained on them does not work on
photographs.
"""

from functools import wraps

import numpy as np

from keras_hourglass.data.datasets.synthetic.scene import (
    IMAGE_SIZE,
    WINDOWS_PER_IMAGE,
    draw_image,
    sample_body,
)
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import MPII

DEFAULT_COUNT, VALIDATION_COUNT = 2400, 400  # people
SEEDS = {"train": 0, "val": 1}  # no image of one is an image of the other
# Bytes of drawn images that a process keeps, of each dataset. The photographs of the
# demo fit: drawn anew in each epoch, they would lengthen it by a fifth.
MAX_CACHE = 2**28


def load_synthetic(root=None) -> People:
    """Loads synthetic people for training, and others for validation.

    Args:
        root: Number of people for training, in place of a folder.
    """
    count = parse_count(root, DEFAULT_COUNT)
    middle = np.full(2, (IMAGE_SIZE - 1) / 2)
    rows = [
        {
            "image": f"{split} {index}",
            "joints": sample_body(SEEDS[split], index).joints[:, :2],
            "weights": np.ones(len(MPII.joints)),
            "center": middle,
            "side": IMAGE_SIZE / WINDOWS_PER_IMAGE,
            "split": split,
            "reader": read_synthetic,
        }
        for split, people in [("train", count), ("val", VALIDATION_COUNT)]
        for index in range(people)
    ]
    return from_rows(MPII, rows)


def parse_count(root, default: int, unit: str = "people") -> int:
    """Parses the number that a synthetic dataset takes in place of a folder.

    Args:
        root: The number, or a text; None for the default.
        default: Number.
        unit: Of what, for messages.

    Raises:
        DatasetError: If it is not an integer of 1 or more.
    """
    try:
        count = default if root is None else int(root)
    except ValueError:
        count = 0
    if count < 1:
        raise DatasetError(
            f"`synthetic` takes a number of {unit}, 1 or more, no folder. "
            f"Received: {root!r}"
        )
    return count


def keep_first(draw):
    """Keeps the first images that a function draws, up to `MAX_CACHE` bytes.

    They stay: where epochs go through more images than fit, each in a new order, those
    used last are drawn anew before they are used again.

    Args:
        draw: A function from the name of an image to its pixels.
    """
    kept, free = {}, MAX_CACHE

    @wraps(draw)
    def draw_once(image):
        nonlocal free
        pixels = kept.get(image)
        if pixels is None:
            pixels = draw(image)
            if pixels.nbytes <= free:
                kept[image], free = pixels, free - pixels.nbytes
        return pixels

    return draw_once


@keep_first
def read_synthetic(image: str) -> np.ndarray:
    """Draws the pixels of an image that `load_synthetic` names."""
    split, index = image.split()
    return draw_image(SEEDS[split], int(index))[0]
