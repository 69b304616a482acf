"""Crops of people: pixels to store, and annotations in the crop's coordinates.

A crop begins and ends between pixels, and is scaled by a fraction to a multiple of 16
pixels: both of its sides are scaled by exactly the same factor, and a JPEG has no
partial blocks.
"""

from math import log2
from os.path import commonpath
from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion, region_of_box
from keras_hourglass.data.people import People
from keras_hourglass.geometry import Window, enclosing_box, pad_to_multiple

CROP_PADDING = 1.5  # of the window: room to rotate, scale and shift it
BLOCK = 16  # pixels per side of a JPEG's coding unit


def crop_person(pixels: np.ndarray, window: Window, size: int) -> ImageRegion:
    """Crops a window with padding around it, downscaled if the window is large.

    The crop is clipped to the image, except for less than a block at the right or
    below, which is black.

    Args:
        pixels: `(height, width, 3)`, uint8, the whole image.
        window: An upright square.
        size: Pixels of the window's side in the crop; up to a sixteenth more if the
            window is larger. A smaller window is not scaled.
    """
    height, width = pixels.shape[:2]
    scale = float(window.scale((size, size)))
    halvings = max(0, int(log2(1 / scale)))
    n = max(BLOCK, int(BLOCK / scale) >> halvings)
    box = enclosing_box(window.scaled(CROP_PADDING).corners(), width, height)
    box = x, y, columns, rows = pad_to_multiple(box, n << halvings, width, height)
    inside = pixels[y : y + rows, x : x + columns]
    below, right = rows - inside.shape[0], columns - inside.shape[1]
    if below or right:
        inside = cv2.copyMakeBorder(inside, 0, below, 0, right, cv2.BORDER_CONSTANT)
    for _ in range(halvings):  # far cheaper than the last, fractional step
        inside = _downscale(inside, 1, 2)
    if n != BLOCK:
        inside = _downscale(inside, BLOCK, n)
    return region_of_box(inside, box)


def relative_names(paths) -> list[str]:
    """Returns paths from the folder that holds all of them, the same on any machine.

    Without such a folder, as of relative and absolute paths, they stay as they are.
    """
    paths = [Path(str(path)) for path in paths]
    try:
        folder = commonpath({path.parent for path in paths})
    except ValueError:
        return [*map(str, paths)]
    return [path.relative_to(folder).as_posix() for path in paths]


def crop_entry(
    people: People, row: int, crop: ImageRegion, image: str, original: str
) -> dict:
    """Makes a person's entry of `annotations.json`, as `datasets/prepared.py` reads it.

    In addition, `original` names the photograph, whose pixels are
    (crop pixel + 0.5) / `crop_factor` - 0.5 + `crop_offset`; without the last, if the
    image is a crop of it already.
    """
    present = people.weights[row] > 0
    joints, center = people.joints[row], people.centers[row]
    joints = crop.place.to_grid(joints.astype(float), crop.size)
    (center,) = crop.place.to_grid(center.astype(float)[None], crop.size)
    factor = float(crop.place.scale(crop.size))
    shrunk = float(people.source_sizes[row] / people.sides[row])  # by an earlier crop
    of_photograph = {"crop_factor": [factor / shrunk] * 2}
    if people.images[row] == people.photographs[row] and np.isclose(shrunk, 1):
        of_photograph["crop_offset"] = crop.place.first_pixel().tolist()
    return {
        "image": image,
        "joints": _rounded(np.where(present[:, None], joints, 0)),
        "present": present.astype(int).tolist(),
        "scores": _rounded(people.weights[row]),
        "center": _rounded(center),
        "side": _rounded(people.sides[row] * factor),
        "head_size": _rounded(people.head_sizes[row] * factor),
        "box_size": _rounded(people.box_sizes[row] * factor),
        **_known(people, row, factor),
        "split": str(people.splits[row]),
        "original": original,
        **of_photograph,
    }


def _known(people, row, factor):
    """Makes the keys of properties that only some datasets have."""
    entry = {}
    visible, others, area = (
        column[row] for column in (people.visible, people.num_others, people.areas)
    )
    if np.isfinite(visible).any():
        entry["visible"] = [int(v) if np.isfinite(v) else None for v in visible]
    if np.isfinite(others):
        entry["num_other_people"] = int(others)
    if np.isfinite(area):
        entry["area"] = _rounded(area * factor**2)
    return entry


def _downscale(pixels, part, whole):
    """Scales pixels by `part` / `whole`, each the mean over the area it covers."""
    height, width = (side * part // whole for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def _rounded(values):
    """Rounds to the resolution of float32 in a crop, which halves the file."""
    return np.round(np.asarray(values, float), 5).tolist()
