"""The prepared form of every dataset: a folder of cropped people.

`images/*.jpg` holds a picture for each person (or several people to a picture), and
`annotations.json` says `joint_names` and `people`. Each of `people` has `image` and
`joints` (pixels of that picture, counted from 0), and may have:

present: 0 for joints that are not labelled.
visible: 0 for joints that something hides, 1 for those that are seen.
scores: How far each joint is trusted, 0 to 1.
center, side: The window to look at, pixels.
box: x, y, width, height, pixels, of which the window is worked out where it is not
    given; without a box, of the joints. See `window.py`.
head_size: The length that errors are measured in, pixels.
split: "train" or "val".
num_other_people: How many others are labelled in the photograph.
crop_factor: Pixels of this picture to a pixel of the photograph, one number or a pair.
area: How many pixels of this picture the person covers.
"""

from functools import partial
from pathlib import Path

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import (
    NO_JOINT,
    PARSE_ERRORS,
    SkipPerson,
    collect_people,
    describe_error,
    with_names,
)
from keras_hourglass.skeletons import SKELETONS, Skeleton

ANNOTATIONS = "annotations.json"
CROP_KEYS = {
    "num_other_people",
    "crop_offset",
    "crop_factor",
}  # others were left outside


def load_prepared(root, faults=None) -> People:
    """The people of a prepared folder.

    Args:
        root: Folder with `images/` and `annotations.json`.
        faults: See `reading.gather`.
    """
    root = files.require_folder(root, "crops")
    path = files.find_file(root, ANNOTATIONS)
    skeleton, people = list_people(path)
    read = partial(parse_person, count=len(skeleton.joints))
    return collect_people(people, read, skeleton, path, root / "images", faults)


def list_people(path: Path):
    """The skeleton of an annotation file, and (name, entry) of its people.

    Raises:
        DatasetError: If the file is of another shape.
    """
    held = files.read_json(path)
    try:
        skeleton, entries = read_skeleton(held["joint_names"]), [*held["people"]]
    except PARSE_ERRORS as error:
        raise files.DatasetError(
            f"{path} must say `joint_names` and `people`: {describe_error(error)}"
        ) from None
    return skeleton, with_names(path, entries, "image")


def read_skeleton(names: list[str]) -> Skeleton:
    """The known skeleton that has these joints, else one without limbs."""
    skeleton = Skeleton(tuple(names))
    known = (k for k in SKELETONS.values() if k.joints == skeleton.joints)
    return next(known, skeleton)


def parse_person(entry: dict, count: int) -> dict:
    """A row of `people.from_rows`.

    Raises:
        LeftOut: If no joint is usable.
        KeyError, TypeError, ValueError: If something is missing or cannot be.
    """
    joints = np.array(entry["joints"], float)
    present = np.array(entry.get("present", np.ones(len(joints))), float)
    weights = (present > 0) * np.array(entry.get("scores", present), float)
    if joints.shape != (count, 2) or weights.shape != (count,):
        raise ValueError(f"`joints` must be {count} pairs, with a weight each")
    visible = np.array(entry.get("visible", np.full(count, np.nan)), float)
    if visible.shape != (count,):
        raise ValueError(f"`visible` must be {count} numbers")
    used = weights > 0
    if not used.any():
        raise SkipPerson(NO_JOINT)
    row = {
        "image": entry["image"],
        "joints": np.where(used[:, None], joints, 0),
        "weights": weights,
        **warp.window_of_joints(joints, used),
        **(warp.window_of_box(entry["box"]) if "box" in entry else {}),
        **{key: entry[key] for key in ("center", "side") if key in entry},
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
