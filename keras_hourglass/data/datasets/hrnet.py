"""MPII in the JSON form of HRNet and Simple Baselines: `annot/train.json` and so on.

Sun et al. Deep High-Resolution Representation Learning for Human Pose Estimation, CVPR
2019. https://github.com/leoxiaobin/deep-high-resolution-net.pytorch

`center` and `scale` are MPII's, before any margin; `center` and `joints` are in MPII's
pixels, counted from 1. `joints_vis` is 1 for each joint with a label, also an occluded
one.
"""

import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import INCOMPLETE, to_person
from keras_hourglass.data.datasets.mpii.json_format import published_heads
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.rows import SkipPerson, collect_people, with_names
from keras_hourglass.data.readers.subsets import split_of_file, words_of
from keras_hourglass.skeletons import MPII

HEAD_BOXES = "gt_valid.mat"  # of the people of valid.json, in its order
BOTH = "trainval"  # the same people as in train.json and valid.json


def load_hrnet(root, images=None) -> People:
    """Loads the people of `train.json`, `valid.json` and `test.json`.

    Args:
        root: Folder with these files, itself or in its `annot/` or `annotations/`; or
            one file, of any name.
        images: Folder of the images; by default, they are looked for in `images/` and
            the other usual folders.
    """
    root, path = files.locate_root(root, "hrnet")
    folders = [root, *(root / name for name in files.ANNOTATION_FOLDERS)]
    listed = (files.glob(folder, "*.json", compressed=False) for folder in folders)
    paths = [path] if path else [each for found in listed for each in found]
    read = {path: files.read_json(path) for path in paths}
    usable = {path: entries for path, entries in read.items() if has_joints(entries)}
    unread = {p: "no list of people with `joints`" for p in paths if p not in usable}
    if {"train", "val"} <= {split_of_file(p, root) for p in usable if not _is_both(p)}:
        both = [path for path in usable if _is_both(path)]
        unread |= {p: "train and valid have the same people" for p in both}
        usable = {path: usable[path] for path in usable if path not in both}
    if not usable:
        raise files.DatasetError(
            "`root` must hold train.json or valid.json, lists of people with `joints`, "
            "itself or in its `annot/` or `annotations/`. Received: "
            f"root={str(path or root)!r}"
        )
    parts = [_load_file(path, usable[path], root, images) for path in usable]
    notes = (f"{path} is not read: {why}" for path, why in unread.items())
    return concatenate(parts).with_notes(*notes)


def has_joints(entries) -> bool:
    """Returns whether the contents of a JSON file are a list of people with joints."""
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and "joints" in entry for entry in entries
    )


def _is_both(path):
    return BOTH in words_of(path.name)


def _load_file(path, entries, root, images):
    split = split_of_file(path, root) or "train"
    heads = _find_heads(path, len(entries)) if split == "val" else None
    names = [entry.get("image") for entry in entries if isinstance(entry, dict)]
    finder = image_finder(path, root, names, images, path.name.split(".")[0])

    def parse(numbered):
        index, entry = numbered
        head = None if heads is None else heads[index]
        return {**parse_person(entry, head), "split": split}

    named = with_names(path, entries, "image")
    numbered = [(name, pair) for (name, _), pair in zip(named, enumerate(entries))]
    return collect_people(numbered, parse, MPII, path, finder)


def _find_heads(path, count):
    """Reads published head sizes, if they lie beside the file and are of its people."""
    boxes = files.find_files(path.parent, HEAD_BOXES)
    heads = published_heads(*boxes) if boxes else ()
    return heads if len(heads) == count else None


def parse_person(entry: dict, head=None) -> dict:
    """Parses one person into a row of `people.from_rows`.

    Args:
        entry: With `image`, `center`, `scale`, `joints` and `joints_vis`.
        head: The person's `head_size`, if a head box is published.

    Raises:
        SkipPerson: If there is no labeled joint, center or scale.
        KeyError, TypeError, ValueError: If the entry is faulty.
    """
    joints = np.array(entry["joints"], float)
    labeled = np.array(entry["joints_vis"], float) > 0
    count = len(MPII.joints)
    if joints.shape != (count, 2) or labeled.shape != (count,):
        raise ValueError(
            f"`joints` must be the {count} pairs of MPII, `joints_vis` as many numbers"
        )
    center = np.array(entry["center"], float)
    if not labeled.any() or (center == -1).any():
        raise SkipPerson(INCOMPLETE)
    return {
        "image": entry["image"],
        **to_person(center, entry["scale"], joints, head),
        "weights": labeled,
    }
