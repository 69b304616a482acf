"""Prepared datasets ("crops"): folders of cropped people, as `data prepare` writes.

`images/*.jpg` holds one image per person (or several people per image), and
`annotations.json` the keys `joint_names`, `people` and optionally `skeleton`: limbs,
flip pairs and all else that a `Skeleton` has besides joints, or the name of one. Each
of `people` has `image` (file name in `images/`) and `joints` (pixels of that image,
counted from 0), and optionally:

present: 0 for joints without a label.
visible: 1 for joints that are visible, 0 for hidden ones, null where unknown.
scores: Confidence of each label, 0 to 1.
center, side: The window, pixels.
box: x, y, width, height, pixels: the window follows from it where `center` and `side`
    are missing; without a box, from the joints. See `warp.py`.
head_size: Size of the head, the reference length of PCKh, pixels.
box_size: Width and height of the person's box, the longer of which is the reference
    length of PCK; by default those of `box`, or of the box around the joints.
split: "train", "val" or "test".
num_other_people: Other labeled people in the original photograph.
crop_factor: Pixels of this image per pixel of the photograph, one number or a pair.
crop_offset: First pixel of the crop in the photograph, x and y.
area: Pixels of this image that the person covers.
"""

from functools import partial
from pathlib import Path

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.data import warp
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import (
    NO_JOINT,
    SkipPerson,
    collect_people,
    require_structure,
    with_names,
)
from keras_hourglass.data.readers.windows import parse_box, window_of_person
from keras_hourglass.skeletons import SKELETONS, Skeleton, canonical_name

ANNOTATIONS = "annotations.json"
OLD_IMAGE_KEY = "picture"
# Of a crop: people in the same file are not all of the photograph's.
CROP_KEYS = {"num_other_people", "crop_offset", "crop_factor"}


def load_prepared(root) -> People:
    """Loads the people of a prepared folder.

    Args:
        root: Folder with `images/` and `annotations.json`.
    """
    root = files.require_folder(root, "crops")
    path = files.find_file(root, ANNOTATIONS)
    skeleton, people = list_people(path)
    parse = partial(parse_person, count=len(skeleton.joints))
    return collect_people(people, parse, skeleton, path, root / "images")


def list_people(path: Path):
    """Reads an annotation file: its skeleton, and (name, entry) of each person.

    Raises:
        DatasetError: If the file has another structure.
    """
    contents = files.read_json(path)
    with require_structure(path, "have `joint_names` and `people`"):
        skeleton = read_skeleton(contents["joint_names"], contents.get("skeleton"))
        entries = [*map(_with_image, contents["people"])]
    return skeleton, with_names(path, entries, "image")


def read_skeleton(names: list[str], given: str | dict | None = None) -> Skeleton:
    """Makes the skeleton of a file.

    Args:
        names: Its `joint_names`.
        given: Its `skeleton`.

    Raises:
        ValueError: If the skeleton is invalid, or of other joints.
    """
    if given is None:
        return skeletons.of_joints(names)
    if isinstance(given, dict):
        given = {"joints": names, **given}
    elif given not in SKELETONS:
        raise ValueError(f"`skeleton` must be an object, or one of {[*SKELETONS]}")
    skeleton = skeletons.get(given)
    if skeleton.canonical_names != tuple(map(canonical_name, names)):
        raise ValueError("`skeleton` must have the joints of `joint_names`")
    return skeleton


def _with_image(entry):
    """Renames the key `picture`, which is read forever, to `image`."""
    if isinstance(entry, dict) and "image" not in entry and OLD_IMAGE_KEY in entry:
        return {"image": entry[OLD_IMAGE_KEY], **entry}
    return entry


def parse_person(entry: dict, count: int) -> dict:
    """Parses an entry into a row of `people.from_rows`.

    Args:
        entry: One of `people`.
        count: Number of joints.

    Raises:
        SkipPerson: If no joint is labeled, or there is no window.
        KeyError, TypeError, ValueError: If the entry is faulty.
    """
    joints = np.array(entry["joints"], float)
    present = np.array(entry.get("present", np.ones(len(joints))), float)
    weights = np.array(entry.get("scores", present), float)
    weights = np.where(present > 0, weights, 0)  # also where the score is NaN
    if joints.shape != (count, 2) or weights.shape != (count,):
        raise ValueError(f"`joints` must be {count} pairs, with a weight each")
    visible = np.array(entry.get("visible", np.full(count, np.nan)), float)
    if visible.shape != (count,):
        raise ValueError(f"`visible` must be {count} numbers")
    labeled = weights > 0
    if not labeled.any():
        raise SkipPerson(NO_JOINT)
    row = {
        "image": entry["image"],
        "joints": np.where(labeled[:, None], joints, 0),
        "weights": weights,
        **_window(entry, joints, labeled),
        "visible": visible,
        "split": entry.get("split", "train"),
    }
    for key in ("original", "source_image"):  # the photograph that it was cropped from
        if key in entry:
            row["photograph"] = str(entry[key])
    if "crop_factor" in entry:
        row["source_size"] = float(
            row["side"] / np.mean(np.array(entry["crop_factor"], float))
        )
    if not CROP_KEYS.isdisjoint(entry):
        row["num_others"] = float(entry.get("num_other_people", np.nan))
    if "area" in entry:
        row["area"] = float(entry["area"])
    if "head_size" in entry:
        row["head_size"] = float(entry["head_size"])
    return row


def _window(entry, joints, labeled):
    given = {k: entry[k] for k in ("center", "side", "box_size") if k in entry}
    box = entry.get("box")
    if not {"center", "side"} <= {*given}:
        return {**window_of_person(joints, labeled, box, "box" in entry), **given}
    return given if parse_box(box) is None else {**warp.window_of_box(box), **given}
