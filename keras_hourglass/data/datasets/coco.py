"""The people of COCO, with 17 joints each.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#format-data
"""

from functools import partial
from pathlib import Path

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import (
    PARSE_ERRORS,
    SkipPerson,
    collect_people,
    describe_error,
)
from keras_hourglass.skeletons import COCO

PATTERN = "person_keypoints*.json"
MIN_JOINTS = 5  # labelled joints: less is a hand at the picture's rim, hardly a pose
CROWD = "a crowd under one label"
FEW_JOINTS = f"fewer than {MIN_JOINTS} labelled joints"


def load_coco(root, faults=None) -> People:
    """Everybody with enough joints; those of a file with "val" in its name validate.

    A joint that is labelled where something hides it counts as every other.

    Args:
        root: Folder with `person_keypoints_train2017.json`, the same of val2017 or any
            other such file, itself or in its `annotations/`. Of the last's pictures
            the folder is `val2017/`, `images/val2017/` or `images/`.
        faults: See `reading.gather`.
    """
    root = files.require_folder(root, "coco")
    paths = files.find_files(root, PATTERN)
    if not paths:
        raise files.missing_file(root, PATTERN)
    return concatenate([_people(path, root, faults) for path in paths])


def _people(path: Path, root: Path, faults) -> People:
    listed = files.read_json(path)
    try:
        pictures = {image["id"]: image["file_name"] for image in listed["images"]}
        entries = [
            (
                f"{pictures.get(entry['image_id'])} ({path}, annotation {entry['id']})",
                entry,
            )
            for entry in listed["annotations"]
        ]
    except PARSE_ERRORS as error:
        raise files.DatasetError(
            f"{path} must list `images` and `annotations` as COCO does: "
            f"{describe_error(error)}"
        ) from None
    subset = path.name.split(".")[0].removeprefix("person_keypoints").strip("_")
    read = partial(
        parse_person, pictures=pictures, split="val" if "val" in subset else "train"
    )
    return collect_people(entries, read, COCO, path, read_images(root, subset), faults)


def read_images(root: Path, subset: str) -> Path:
    """The folder of a subset's pictures."""
    places = [root / subset, root / "images" / subset] if subset else []
    return next((place for place in places if place.is_dir()), root / "images")


def parse_person(entry: dict, pictures: dict, split: str) -> dict:
    """A row of an annotation.

    Args:
        entry: The annotation.
        pictures: Their names, by their `id`.
        split: Of everybody in the file.

    Raises:
        LeftOut: If it is a crowd, or has fewer than `FEWEST` joints.
        KeyError, TypeError, ValueError: If something is missing or cannot be.
    """
    if entry.get("iscrowd"):
        raise SkipPerson(CROWD)
    x, y, labelled = np.array(entry["keypoints"], float).reshape(len(COCO.joints), 3).T
    weights = labelled > 0
    if weights.sum() < MIN_JOINTS:
        raise SkipPerson(FEW_JOINTS)
    if entry["image_id"] not in pictures:
        raise ValueError(f"no picture has the id {entry['image_id']!r}")
    return {
        "image": pictures[entry["image_id"]],
        "joints": np.stack([x, y], axis=-1),
        "weights": weights,
        "visible": labelled > 1,
        "area": entry.get("area", np.nan),
        "split": split,
        **warp.window_of_box(entry["bbox"]),
    }
