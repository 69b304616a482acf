"""COCO keypoints: people with 17 joints each.

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
MIN_JOINTS = 5  # labeled joints: fewer are a hand at the image's edge, hardly a pose
CROWD = "a crowd under one label"
FEW_JOINTS = f"fewer than {MIN_JOINTS} labeled joints"


def load_coco(root) -> People:
    """Loads the people with enough labeled joints.

    Joints labeled as hidden have the same weight as visible ones. Files with "val" in
    their names are the validation split.

    Args:
        root: Folder with one or more `person_keypoints*.json`, itself or in its
            `annotations/`. The images of `person_keypoints_val2017.json` lie in
            `val2017/`, `images/val2017/` or `images/`.
    """
    root = files.require_folder(root, "coco")
    paths = files.find_files(root, PATTERN)
    if not paths:
        raise files.missing_file(root, PATTERN)
    return concatenate([_load_file(path, root) for path in paths])


def _load_file(path, root):
    contents = files.read_json(path)
    try:
        file_names = {image["id"]: image["file_name"] for image in contents["images"]}
        entries = [
            (
                f"{file_names.get(entry['image_id'])} "
                f"({path}, annotation {entry['id']})",
                entry,
            )
            for entry in contents["annotations"]
        ]
    except PARSE_ERRORS as error:
        raise files.DatasetError(
            f"{path} must list `images` and `annotations` as COCO does: "
            f"{describe_error(error)}"
        ) from None
    subset = path.name.split(".")[0].removeprefix("person_keypoints").strip("_")
    split = "val" if "val" in subset else "train"
    parse = partial(parse_person, file_names=file_names, split=split)
    return collect_people(entries, parse, COCO, path, image_folder(root, subset))


def image_folder(root: Path, subset: str) -> Path:
    """Finds the folder with the images of a subset such as "val2017"."""
    folders = [root / subset, root / "images" / subset] if subset else []
    return next((folder for folder in folders if folder.is_dir()), root / "images")


def parse_person(entry: dict, file_names: dict, split: str) -> dict:
    """Parses an annotation into a row of `people.from_rows`.

    Args:
        entry: The annotation.
        file_names: Id of an image -> its file name.
        split: Of the file.

    Raises:
        SkipPerson: If it is a crowd, or has fewer than `MIN_JOINTS` labeled joints.
        KeyError, TypeError, ValueError: If it is faulty.
    """
    if entry.get("iscrowd"):
        raise SkipPerson(CROWD)
    x, y, labeled = np.array(entry["keypoints"], float).reshape(len(COCO.joints), 3).T
    weights = labeled > 0
    if weights.sum() < MIN_JOINTS:
        raise SkipPerson(FEW_JOINTS)
    if entry["image_id"] not in file_names:
        raise ValueError(f"no image has the id {entry['image_id']!r}")
    return {
        "image": file_names[entry["image_id"]],
        "joints": np.stack([x, y], axis=-1),
        "weights": weights,
        "visible": labeled > 1,
        "area": entry.get("area", np.nan),
        "split": split,
        **warp.window_of_box(entry["bbox"]),
    }
