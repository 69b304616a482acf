"""Cutting a person out of a picture to keep: the pixels, and where everything is then.

The crop is taken of whole pixels and shrunk by a fraction, to whole blocks of 16: so
both its sides shrink by exactly the same factor, and a JPEG has no half blocks.
"""

from math import log2
from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion, region_of_box
from keras_hourglass.data.people import People
from keras_hourglass.geometry import Window, enclosing_box, pad_to_multiple

CROP_PADDING = 1.5  # of the window: room to turn, scale and shift it
BLOCK = 16  # pixels of a JPEG that are coded together


def crop_person(pixels: np.ndarray, window: Window, size: int) -> ImageRegion:
    """A window of a picture with room around it, shrunk if it is large.

    It is clipped to the picture, but for less than a block at the right or below,
    which is black.

    Args:
        pixels: `(height, width, 3)`, uint8, the whole picture.
        window: An upright square.
        size: Pixels of the window's side in what comes out; up to a sixteenth more if
            the window is larger, and as they are if it is smaller.
    """
    height, width = pixels.shape[:2]
    share = float(window.scale((size, size)))
    halvings = max(0, int(log2(1 / share)))
    n = max(BLOCK, int(BLOCK / share) >> halvings)
    box = enclosing_box(window.scaled(CROP_PADDING).corners(), width, height)
    box = x, y, columns, rows = pad_to_multiple(box, n << halvings, width, height)
    inside = pixels[y : y + rows, x : x + columns]
    below, beside = rows - inside.shape[0], columns - inside.shape[1]
    if below or beside:
        inside = cv2.copyMakeBorder(inside, 0, below, 0, beside, cv2.BORDER_CONSTANT)
    for _ in range(halvings):  # far cheaper than the shrinking that is left
        inside = _shrunk(inside, 1, 2)
    if n != BLOCK:
        inside = _shrunk(inside, BLOCK, n)
    return region_of_box(inside, box)


def crop_entry(people: People, row: int, crop: ImageRegion, image: str) -> dict:
    """What `annotations.json` says of a person; `crops.py` reads it.

    Beside what is described there: `original` names the picture, of which a pixel is
    (crop pixel + 0.5) / `crop_factor` - 0.5 + `crop_offset`.
    """
    present = people.weights[row] > 0
    joints, center = people.joints[row], people.centers[row]
    joints = crop.place.to_grid(joints.astype(float), crop.size)
    (center,) = crop.place.to_grid(center.astype(float)[None], crop.size)
    factor = float(crop.place.scale(crop.size))
    return {
        "image": image,
        "joints": _rounded(np.where(present[:, None], joints, 0)),
        "present": present.astype(int).tolist(),
        "scores": _rounded(people.weights[row]),
        "center": _rounded(center),
        "side": _rounded(people.sides[row] * factor),
        "head_size": _rounded(people.head_sizes[row] * factor),
        **_known(people, row, factor),
        "split": str(people.splits[row]),
        "original": Path(str(people.images[row])).name,
        "crop_offset": crop.place.first_pixel().tolist(),
        "crop_factor": [factor, factor],
    }


def _known(people, row, factor):
    """What only some datasets say, of a person that is seen at another size."""
    said = {}
    visible, others, area = (
        column[row] for column in (people.visible, people.num_others, people.areas)
    )
    if np.isfinite(visible).any():
        said["visible"] = [int(v) if np.isfinite(v) else None for v in visible]
    if np.isfinite(others):
        said["num_other_people"] = int(others)
    if np.isfinite(area):
        said["area"] = _rounded(area * factor**2)
    return said


def _shrunk(pixels, part, whole):
    """The pixels at `part` / `whole` of their size: means of what each covers."""
    height, width = (side * part // whole for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def _rounded(values):
    """To what float32 can tell apart in a crop; it halves the file."""
    return np.round(np.asarray(values, float), 5).tolist()
