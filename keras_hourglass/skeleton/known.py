"""The skeletons of the datasets that everybody knows."""

from keras_hourglass.skeleton.body import Skeleton
from keras_hourglass.skeleton.names import (
    ARMS_AND_LEGS,
    HIPS,
    LIMB_GROUPS,
    SHOULDERS,
    SIDES,
    both,
)

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
    joints=(
        "nose",
        *[
            side + name
            for name in ("eye", "ear", "shoulder", "elbow", "wrist", "hip")
            + ("knee", "ankle")
            for side in ("left_", "right_")
        ],
    ),
    limbs=(
        *ARMS_AND_LEGS,
        HIPS,
        SHOULDERS,
        *[(side + "shoulder", side + "hip") for side in SIDES],
        *[("nose", name) for name in both("eye")],
        *[(side + "eye", side + "ear") for side in SIDES],
    ),
    groups={"Head": ("nose", *both("eye", "ear")), **LIMB_GROUPS},
)
SKELETONS = {"mpii": MPII, "lsp": LSP, "coco": COCO}
