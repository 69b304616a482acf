"""Joints of a person's body, by their canonical names: halves, limbs and groups."""

from keras_hourglass.skeletons.names import SIDES, both_sides

# Without sides; the halves of augmentation by half bodies.
UPPER_BODY = (
    *("head", "head_top", "head_bottom", "nose", "eye", "ear", "mouth", "chin", "jaw"),
    *("neck", "upper_neck", "thorax", "chest", "spine", "shoulder", "elbow", "wrist"),
    *("hand", "thumb"),
)
LOWER_BODY = (
    *("pelvis", "hip", "mid_hip", "knee", "ankle", "heel", "foot"),
    *("toe", "big_toe", "small_toe"),
)

LIMB_GROUPS = {
    "Shoulder": both_sides("shoulder"),
    "Elbow": both_sides("elbow"),
    "Wrist": both_sides("wrist"),
    "Hip": both_sides("hip"),
    "Knee": both_sides("knee"),
    "Ankle": both_sides("ankle"),
}
ARMS_AND_LEGS = tuple(
    (side + a, side + b)
    for side in ("right_", "left_")
    for a, b in [
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
    ]
)
HIPS = ("right_hip", "left_hip")
OFFICIAL_HEAD = ("upper_neck", "head_top")  # averaged by MPII's own evaluation
SHOULDERS = ("right_shoulder", "left_shoulder")
COCO_JOINTS = (
    "nose",
    *[
        side + name
        for name in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in SIDES
    ],
)
MIDPOINTS = {"pelvis": HIPS, "thorax": SHOULDERS}  # in MPII's labels, to 0.003 torsos
