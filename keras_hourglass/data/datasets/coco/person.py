"""COCO annotations: a person's joints, window and area, from an entry of the file."""

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.readers.rows import SkipPerson
from keras_hourglass.skeletons import COCO

MIN_JOINTS = 5  # labeled joints: fewer are a hand at the image's edge, hardly a pose
CROWD = "a crowd under one label"
FEW_JOINTS = f"fewer than {MIN_JOINTS} labeled joints"


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
