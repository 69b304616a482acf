"""How joints are called: sides, halves, and what several skeletons have in common.

Left and right are told from the joints' names, so that no table of pairs can be
wrong: `left_knee` and `right_knee` change places in a mirror, `pelvis` stays.
"""

SIDES = {"left_": "right_", "right_": "left_"}
LOWER_BODY = ("pelvis", "hip", "knee", "ankle", "heel", "foot", "big_toe", "small_toe")
SHORT_SIDES = {"l_": "left_", "r_": "right_"}  # as many annotation files write them


def full_name(name: str) -> str:
    """A joint's name in full words: `l_knee` is `left_knee`."""
    for short, side in SHORT_SIDES.items():
        if name.startswith(short):
            return side + name.removeprefix(short)
    return name


def unsided(name: str) -> str:
    """A joint's name without its side: `left_knee` is a `knee`."""
    for side in SIDES:
        name = name.removeprefix(side)
    return name


def mirrored_name(name: str) -> str:
    """The name of the joint on the other side; a joint in the middle is its own."""
    for side, other in SIDES.items():
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name


def both(*names):
    """The right and the left joint of each name."""
    return tuple(side + name for name in names for side in ("right_", "left_"))


LIMB_GROUPS = {
    "Shoulder": both("shoulder"),
    "Elbow": both("elbow"),
    "Wrist": both("wrist"),
    "Hip": both("hip"),
    "Knee": both("knee"),
    "Ankle": both("ankle"),
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
OFFICIAL_HEAD = ("upper_neck", "head_top")  # MPII's own evaluation averages these
SHOULDERS = ("right_shoulder", "left_shoulder")
MIDDLES = {"pelvis": HIPS, "thorax": SHOULDERS}  # as MPII labels them, to 0.003 torsos
