"""Skeletons of MPII, LSP and COCO, of a dataset and of a file.

No other subpackage names joints.
"""

import json
import os
from dataclasses import fields
from pathlib import Path

from keras_hourglass.skeletons.body import (
    ARMS_AND_LEGS,
    COCO_JOINTS,
    HIPS,
    LIMB_GROUPS,
    OFFICIAL_HEAD,
    SHOULDERS,
)
from keras_hourglass.skeletons.measures import MEASURES, Measure
from keras_hourglass.skeletons.names import (
    SIDES,
    both_sides,
    canonical_name,
    unique_names,
)
from keras_hourglass.skeletons.skeleton import Skeleton
from keras_hourglass.utils import suggest

__all__ = [
    "COCO",
    "LIMB_GROUPS",
    "LSP",
    "MEASURES",
    "MPII",
    "PERSON",
    "OFFICIAL_HEAD",
    "Measure",
    "SKELETONS",
    "Skeleton",
    "canonical_name",
    "find_known",
    "get",
    "merge",
    "of_joints",
    "to_json",
    "unique_names",
]

MPII = Skeleton(
    joints=(
        *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee"),
        *("left_ankle", "pelvis", "thorax", "upper_neck", "head_top", "right_wrist"),
        *("right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    ),
    limbs=(
        *ARMS_AND_LEGS,
        *[("pelvis", name) for name in (*HIPS, "thorax")],
        *[("thorax", name) for name in (*SHOULDERS, "upper_neck")],
        ("upper_neck", "head_top"),
    ),
    groups={"Head": ("head_top",), **LIMB_GROUPS},
    unscored=("pelvis", "thorax"),
)
LSP = Skeleton(
    joints=(
        *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee"),
        *("left_ankle", "right_wrist", "right_elbow", "right_shoulder"),
        *("left_shoulder", "left_elbow", "left_wrist", "upper_neck", "head_top"),
    ),
    limbs=(
        *ARMS_AND_LEGS,
        HIPS,
        *[("upper_neck", name) for name in (*SHOULDERS, "head_top")],
    ),
    groups={"Head": ("head_top",), **LIMB_GROUPS},
)
COCO = Skeleton(
    joints=COCO_JOINTS,
    limbs=(
        *ARMS_AND_LEGS,
        HIPS,
        SHOULDERS,
        *[(side + "shoulder", side + "hip") for side in SIDES],
        *[("nose", name) for name in both_sides("eye")],
        *[(side + "eye", side + "ear") for side in SIDES],
    ),
    groups={"Head": ("nose", *both_sides("eye", "ear")), **LIMB_GROUPS},
    sigmas=(  # https://github.com/cocodataset/cocoapi, pycocotools/cocoeval.py
        *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
        *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
    ),
)
PERSON = "person"  # the category of COCO's files that is read by default
SKELETONS = {"mpii": MPII, "lsp": LSP, "coco": COCO}


def find_known(joints) -> Skeleton | None:
    """Finds the named skeleton with the same joints, in whatever order and spelling."""
    names = sorted(map(canonical_name, joints))
    known = (k for k in SKELETONS.values() if sorted(k.canonical_names) == names)
    return next(known, None)


def of_joints(joints, limbs=(), category: str = "") -> Skeleton:
    """Makes a skeleton of a dataset's own joints.

    Args:
        joints: Names, in the order of the dataset.
        limbs: Pairs of names. Where there are none and the joints are part of a named
            skeleton, with shoulders and hips, so are limbs, groups and sigmas.
        category: Name of the bodies.
    """
    own = Skeleton(tuple(joints), limbs, category=category)
    for known in SKELETONS.values():
        if not limbs and known.has_all(own.joints) and len(own.torso) == 2:
            part = known.select(own.joints).get_config()
            return Skeleton(**{**part, "joints": own.joints, "category": category})
    return own


def merge(parts: list[Skeleton]) -> Skeleton:
    """Returns the skeleton with the joints and limbs of all; one of them if it has.

    Args:
        parts: Skeletons, whose first spelling of a joint is kept.
    """
    joints = unique_names(name for each in parts for name in each.joints)
    if whole := next((each for each in parts if each.has_all(joints)), None):
        return whole
    limbs = {}
    for limb in sum((each.limbs for each in parts), ()):
        limbs.setdefault(frozenset(map(canonical_name, limb)), limb)
    return of_joints(joints, limbs.values(), parts[0].category)


def get(skeleton) -> Skeleton:
    """Returns a skeleton from its name, file or configuration.

    Args:
        skeleton: A key of `SKELETONS`, the path of a JSON file with a `get_config()`,
            a `get_config()`, or a `Skeleton`, which is returned as it is.

    Raises:
        ValueError: If the name is unknown, the file cannot be read, or the
            configuration is invalid.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, dict):
        return _from_config(skeleton)
    if isinstance(skeleton, str) and skeleton in SKELETONS:
        return SKELETONS[skeleton]
    if isinstance(skeleton, os.PathLike) or str(skeleton).lower().endswith(".json"):
        return _from_file(Path(skeleton))
    raise ValueError(
        f"`skeleton` must be a skeleton, its name or a .json file. "
        f"{suggest(skeleton, SKELETONS)} Received: skeleton={skeleton!r}"
    )


def to_json(skeleton: Skeleton) -> str | dict:
    """Returns the name of a skeleton, or else its configuration, for `get`."""
    names = (name for name, known in SKELETONS.items() if known == skeleton)
    return next(names, None) or skeleton.get_config()


def _from_config(config: dict) -> Skeleton:
    known_keys = [f.name for f in fields(Skeleton)]
    if unknown := sorted({*config} - {*known_keys}):
        raise ValueError(
            f"a skeleton has no key {unknown[0]!r}. {suggest(unknown[0], known_keys)}"
        )
    if "joints" not in config:
        raise ValueError("a skeleton needs the key 'joints'")
    if "sigmas" not in config and isinstance(config["joints"], (list, tuple)):
        # Version 0.2 wrote none: the named skeletons got theirs later.
        for known in SKELETONS.values():
            if known.joints == tuple(config["joints"]):
                config = {**config, "sigmas": known.sigmas}
    try:
        return Skeleton(**config)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"the skeleton is invalid: {error}") from None


def _from_file(path: Path) -> Skeleton:
    try:
        config = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(config, dict):
            raise ValueError("it must hold one JSON object, as `get_config` gives it")
        return _from_config(config)
    except (OSError, RecursionError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(
            f"`skeleton` must be a file with a skeleton; {path}: {reason}"
        ) from None
