"""How joints are called: sides, halves, and what several skeletons have in common.

Left and right are told from the joints' names, so that no table of pairs can be
wrong: `left_knee` and `right_knee` change places in a mirror, `pelvis` stays.

What a body consists of: named joints, the limbs between them, report groups.

The skeletons of the datasets that everybody knows.

What a body consists of: the only place that names joints.
"""

from dataclasses import asdict, dataclass, field
from functools import cached_property

from keras_hourglass.utils import suggest

SIDES = {"left_": "right_", "right_": "left_"}
LOWER_BODY = ("pelvis", "hip", "knee", "ankle", "heel", "foot", "big_toe", "small_toe")
SHORT_SIDES = {"l_": "left_", "r_": "right_"}  # as many annotation files write them


def full_name(name: str) -> str:
    """A joint's name in full words: `l_knee` is `left_knee`."""
    for short, side in SHORT_SIDES.items():
        if name.startswith(short):
            return side + name.removeprefix(short)
    return name


def without_side(name: str) -> str:
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


def both_sides(*names):
    """The right and the left joint of each name."""
    return tuple(side + name for name in names for side in ("right_", "left_"))


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
OFFICIAL_HEAD = ("upper_neck", "head_top")  # MPII's own evaluation averages these
SHOULDERS = ("right_shoulder", "left_shoulder")
MIDDLES = {"pelvis": HIPS, "thorax": SHOULDERS}  # as MPII labels them, to 0.003 torsos


@dataclass(frozen=True)
class Skeleton:
    """The joints of a dataset or a network, in the order of their heatmaps.

    Args:
        joints: Names, each once. `left_` and `right_` say that a joint has a twin.
        limbs: Pairs of names, to draw a line between.
        groups: Column of a report -> the joints whose rates it averages.
        unscored: Joints that published means leave out.

    Raises:
        ValueError: If a name comes twice, is unknown, or lacks its twin.
    """

    joints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    unscored: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "joints", tuple(map(full_name, self.joints)))
        object.__setattr__(self, "limbs", tuple(map(tuple, self.limbs)))
        groups = {column: tuple(names) for column, names in self.groups.items()}
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "unscored", tuple(self.unscored))
        if not self.joints or len(set(self.joints)) < len(self.joints):
            raise ValueError(
                "`joints` must be one or more different names. "
                f"Received: joints={self.joints}"
            )
        used = {*sum(self.limbs, ()), *sum(groups.values(), ()), *self.unscored}
        used |= {mirrored_name(name) for name in self.joints}
        if missing := sorted(used - {*self.joints}):
            raise ValueError(
                f"`joints` must hold every joint that is used, and the twin of each "
                f"on the other side; {missing} are missing. "
                f"Received: joints={self.joints}"
            )

    @cached_property
    def flip_indices(self) -> tuple[int, ...]:
        """For each joint, the index of the one that takes its place in a mirror."""
        return tuple(self.joints.index(mirrored_name(name)) for name in self.joints)

    @property
    def scored(self) -> tuple[int, ...]:
        """The indices of the joints that published means include."""
        return self.indices(name for name in self.joints if name not in self.unscored)

    @property
    def arms_and_legs(self) -> tuple[int, ...]:
        """The indices of the joints of arms and legs, from shoulders and hips on."""
        limbs = {name for names in LIMB_GROUPS.values() for name in names}
        return self.indices(name for name in self.joints if name in limbs)

    @cached_property
    def limb_segments(self) -> tuple[tuple[int, int], ...]:
        """The indices of both ends of each bone of arms and legs."""
        known = {*self.joints}
        return tuple(self.indices(bone) for bone in ARMS_AND_LEGS if known >= {*bone})

    @property
    def torso(self) -> tuple[tuple[int, int], ...]:
        """The indices of both shoulders, then of both hips, right before left."""
        known = {*self.joints}
        pairs = [pair for pair in (SHOULDERS, HIPS) if known >= {*pair}]
        return tuple(map(self.indices, pairs))

    @cached_property
    def upper_lower(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The indices of the upper and of the lower body's joints."""
        lower = [name for name in self.joints if without_side(name) in LOWER_BODY]
        upper = [name for name in self.joints if name not in lower]
        return self.indices(upper), self.indices(lower)

    def indices(self, names) -> tuple[int, ...]:
        """Where the named joints stand."""
        return tuple(self.joints.index(name) for name in names)

    def midpoint_of(self, name: str) -> tuple[int, ...]:
        """The indices of the joints in whose middle a joint lies.

        Its own, where the skeleton has it; none, where nothing tells where it lies.
        """
        names = (name,) if name in self.joints else MIDDLES.get(name, ())
        return self.indices(names) if {*names} <= {*self.joints} else ()

    def get_config(self) -> dict:
        """What `get` makes the same skeleton of again, in types that JSON knows."""
        return asdict(self)


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
        *[("nose", name) for name in both_sides("eye")],
        *[(side + "eye", side + "ear") for side in SIDES],
    ),
    groups={"Head": ("nose", *both_sides("eye", "ear")), **LIMB_GROUPS},
)
SKELETONS = {"mpii": MPII, "lsp": LSP, "coco": COCO}


def get(skeleton) -> Skeleton:
    """A skeleton from its name or configuration. A skeleton is handed back."""
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, dict):
        return Skeleton(**skeleton)
    if skeleton in SKELETONS:
        return SKELETONS[skeleton]
    raise ValueError(
        f"`skeleton` must be a skeleton or its name. {suggest(skeleton, SKELETONS)} "
        f"Received: skeleton={skeleton!r}"
    )
