"""COCO annotations: a person's joints, window and area, from an entry of the file.

Tools write much that COCO itself does not: boxes without joints, joints without a box,
boxes of size 0. What has no pose is left out and counted; a missing box is replaced.
"""

import numpy as np

from keras_hourglass.data.datasets.coco.categories import Category
from keras_hourglass.data.datasets.coco.images import to_id
from keras_hourglass.data.readers.rows import SkipPerson, parse_positive
from keras_hourglass.data.readers.windows import window_of_person
from keras_hourglass.skeletons import COCO, Skeleton, find_known
from keras_hourglass.utils import plural

# Labeled joints of COCO's 17: fewer are a hand at the image's edge, hardly a pose.
MIN_JOINTS = 5
CROWD = "a crowd under one label"
NO_KEYPOINTS = "no keypoints, as of a box alone"
NO_PLACE = "have joints labeled without a place: read as not labeled"
NO_IMAGE = "their image is not listed"


def parse_person(
    entry: dict, category: Category, file_names: dict, min_joints: int | None = None
) -> dict:
    """Parses an annotation into a row of `people.from_rows`.

    Args:
        entry: The annotation.
        category: The one to read.
        file_names: Id of an image, as text -> its file name.
        min_joints: Labeled joints that a person must have; see `load_coco`.

    Raises:
        SkipPerson: If it is of another category or a crowd, has too few labeled joints
            or no window, or if its image is not listed.
        KeyError, TypeError, ValueError: If it is faulty.
    """
    category.require(entry)
    if is_crowd(entry):
        raise SkipPerson(CROWD)
    if entry.get("keypoints") in (None, []):
        raise SkipPerson(NO_KEYPOINTS)
    count = len(category.skeleton.joints)
    try:
        numbers = np.array(entry["keypoints"], float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`keypoints` must be numbers: {error}") from None
    if numbers.size != 3 * count:
        raise ValueError(
            f"`keypoints` must be 3 numbers for each of {count} joints, "
            f"not {numbers.size} numbers"
        )
    x, y, labeled = numbers.reshape(count, 3).T
    joints = np.stack([x, y], axis=-1)
    placed = np.isfinite(joints).all(-1)
    weights = placed & (labeled > 0)
    least = min_joints or default_min_joints(category.skeleton)
    if weights.sum() < least:
        joints = plural(least, "labeled joint", "labeled joints")
        raise SkipPerson(f"fewer than {joints}")
    image = file_names.get(to_id(entry.get("image_id")))
    if image is None:
        raise SkipPerson(NO_IMAGE)
    window = window_of_person(joints, weights, entry.get("bbox"))
    notes = window.pop("notes", [])
    if (labeled[~placed] > 0).any():
        notes.append(NO_PLACE)
    return {
        "image": image,
        "joints": joints,
        "weights": weights,
        "visible": labeled > 1,
        "area": parse_positive(entry.get("area")),
        **window,
        "notes": notes,
    }


def is_crowd(entry: dict) -> bool:
    """Returns whether one label stands for several people."""
    return str(entry.get("iscrowd")).lower() not in ("none", "", "0", "0.0", "false")


def default_min_joints(skeleton: Skeleton) -> int:
    """Returns the number of labeled joints that a person must have by default."""
    return MIN_JOINTS if find_known(skeleton.joints) is COCO else 1
