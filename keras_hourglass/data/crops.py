"""The prepared form of every dataset: a folder of cropped people.

`images/*.jpg` holds a picture for each person (or several people to a picture), and
`annotations.json` says `joint_names` and `people`. Each of `people` has `image` and
`joints` (pixels of that picture, counted from 0), and may have:

present: 0 for joints that are not labelled.
scores: How far each joint is trusted, 0 to 1.
center, side: The window to look at, pixels. Without them it is worked out of the
    joints: `MARGIN` times the longer side of their box, around its middle.
head_size: The length that errors are measured in, pixels.
split: "train" or "val".
"""

from functools import partial

import numpy as np

from keras_hourglass.data import files
from keras_hourglass.data.gather import LeftOut, gather, numbered
from keras_hourglass.data.people import People
from keras_hourglass.skeleton import MPII, Skeleton

ANNOTATIONS = "annotations.json"
MARGIN = 1.4  # MPII's windows are so much longer than its joints' boxes, in the median


def load(root, faults=None) -> People:
    """The people of a prepared folder.

    Args:
        root: Folder with `images/` and `annotations.json`.
        faults: See `gather.gather`.
    """
    root = files.folder(root, "crops")
    paths = files.find(root, ANNOTATIONS)
    if not paths:
        raise files.lacking(root, ANNOTATIONS)
    (path,) = paths
    listed = files.read_json(path)
    try:
        skeleton, entries = skeleton_of(listed["joint_names"]), [*listed["people"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise files.DatasetError(
            f"{path} must say `joint_names` and `people`: {error}"
        ) from None
    read = partial(person, count=len(skeleton.joints))
    entries = numbered(path, entries, "image")
    return gather(entries, read, skeleton, path, root / "images", faults)


def skeleton_of(names: list[str]) -> Skeleton:
    """MPII's skeleton if these are its joints, else one without limbs."""
    skeleton = Skeleton(tuple(names))
    return MPII if skeleton.joints == MPII.joints else skeleton


def person(entry: dict, count: int) -> dict:
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
    used = weights > 0
    if not used.any():
        raise LeftOut("no usable joint")
    low, high = joints[used].min(0), joints[used].max(0)
    row = {
        "picture": entry["image"],
        "joints": np.where(used[:, None], joints, 0),
        "weights": weights,
        "center": np.array(entry.get("center", (low + high) / 2), float),
        "side": float(entry.get("side", MARGIN * (high - low).max())),
        "split": entry.get("split", "train"),
    }
    if "head_size" in entry:
        row["head_size"] = float(entry["head_size"])
    return row
