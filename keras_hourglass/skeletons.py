"""Skeletons: joints, the limbs between them, and report groups.

Sides are derived from the joints' names: `left_knee` and `right_knee` change places in
a mirrored image, `pelvis` stays. The skeletons of MPII, LSP and COCO are here; no other
module names joints.
"""

from dataclasses import asdict, dataclass, field
from functools import cached_property

from keras_hourglass.utils import suggest

SIDES = {"left_": "right_", "right_": "left_"}
LOWER_BODY = ("pelvis", "hip", "knee", "ankle", "heel", "foot", "big_toe", "small_toe")
SHORT_SIDES = {"l_": "left_", "r_": "right_"}  # common in annotation files


def full_name(name: str) -> str:
    """Spells out the side of a joint's name: `l_knee` becomes `left_knee`."""
    for short, side in SHORT_SIDES.items():
        if name.startswith(short):
            return side + name.removeprefix(short)
    return name


def without_side(name: str) -> str:
    """Removes the side of a joint's name: `left_knee` becomes `knee`."""
    for side in SIDES:
        name = name.removeprefix(side)
    return name


def mirrored_name(name: str) -> str:
    """Returns the name of the joint on the other side; itself for a middle joint."""
    for side, other in SIDES.items():
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name


def both_sides(*names):
    """Returns the names of the right and the left joint of each name."""
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
OFFICIAL_HEAD = ("upper_neck", "head_top")  # averaged by MPII's own evaluation
SHOULDERS = ("right_shoulder", "left_shoulder")
MIDPOINTS = {"pelvis": HIPS, "thorax": SHOULDERS}  # in MPII's labels, to 0.003 torsos


@dataclass(frozen=True)
class Measure:
    """A percentage of correct keypoints, and the length that errors are measured in.

    Attributes:
        name: Of the percentage.
        reference: Name of the length.
        thresholds: Largest errors of correct keypoints, in reference lengths.
        threshold: The one of a percentage without a number.
    """

    name: str
    reference: str
    thresholds: tuple[float, ...]
    threshold: float

    @property
    def title(self) -> str:
        """The percentage and its threshold, as in "PCKh@0.5"."""
        return f"{self.name}@{self.threshold}"


MEASURES = {  # value of `Skeleton.reference` -> measure
    "head": Measure("PCKh", "head size", (0.5, 0.2, 0.1), 0.5),
    "box": Measure("PCK", "longer side of the box", (0.05, 0.1, 0.2), 0.1),
}


@dataclass(frozen=True)
class Skeleton:
    """The joints of a dataset or a network, in the order of their heatmaps.

    Args:
        joints: Names, each once. Those that begin with `left_` or `right_` (or `l_`,
            `r_`) need their counterpart on the other side, with which they are
            exchanged in mirrored images.
        limbs: Pairs of names, which are drawn as lines.
        groups: Column of a report -> names of the joints that it averages. Without
            groups, each joint is a column.
        unscored: Names of joints that the mean PCKh leaves out.
        reference: Key of `MEASURES`: the length that errors are measured in. By
            default "head" for the joints of MPII, LSP and COCO, and for others with
            `upper_neck` and `head_top`; else "box".

    Raises:
        ValueError: If a name is repeated or unknown, or a counterpart is missing.

    Example:

    ```python
    import keras_hourglass as kh

    hand = kh.Skeleton(
        joints=("left_thumb", "right_thumb", "wrist"),
        limbs=[("wrist", "left_thumb"), ("wrist", "right_thumb")],
        groups={"Thumb": ("left_thumb", "right_thumb")},
    )
    print(hand.flip_indices)  # (1, 0, 2)
    model = kh.StackedHourglass(
        1, filters=8, stem_filters=8, depth=1, image_size=64, skeleton=hand
    )
    ```
    """

    joints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    unscored: tuple[str, ...] = ()
    reference: str | None = None

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
                "`joints` must include every joint that is used, and the counterpart "
                f"of each on the other side; {missing} are missing. "
                f"Received: joints={self.joints}"
            )

        if self.reference not in (None, *MEASURES):
            raise ValueError(
                f"`reference` must be None or one of {[*MEASURES]}. "
                f"Received: reference={self.reference!r}"
            )

    @cached_property
    def flip_indices(self) -> tuple[int, ...]:
        """For each joint, the index of its counterpart in a mirrored image."""
        return tuple(self.joints.index(mirrored_name(name)) for name in self.joints)

    @property
    def scored(self) -> tuple[int, ...]:
        """The indices of the joints that the mean PCKh includes."""
        return self.indices(name for name in self.joints if name not in self.unscored)

    @cached_property
    def measure(self) -> Measure:
        """The measure that `reference` names, or that its default is."""
        names = {*self.joints}
        has_head = names >= {*OFFICIAL_HEAD} or names == {*COCO.joints}
        return MEASURES[self.reference or ("head" if has_head else "box")]

    @property
    def arms_and_legs(self) -> tuple[int, ...]:
        """The indices of the joints of arms and legs, with shoulders and hips."""
        limb_joints = {name for names in LIMB_GROUPS.values() for name in names}
        return self.indices(name for name in self.joints if name in limb_joints)

    @cached_property
    def limb_segments(self) -> tuple[tuple[int, int], ...]:
        """The indices of both ends of each segment of arms and legs."""
        names = {*self.joints}
        return tuple(self.indices(ends) for ends in ARMS_AND_LEGS if names >= {*ends})

    @property
    def torso(self) -> tuple[tuple[int, int], ...]:
        """The indices of both shoulders, then of both hips, right before left."""
        names = {*self.joints}
        pairs = [pair for pair in (SHOULDERS, HIPS) if names >= {*pair}]
        return tuple(map(self.indices, pairs))

    @cached_property
    def upper_lower(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The indices of the upper and of the lower body's joints."""
        lower = [name for name in self.joints if without_side(name) in LOWER_BODY]
        upper = [name for name in self.joints if name not in lower]
        return self.indices(upper), self.indices(lower)

    def indices(self, names) -> tuple[int, ...]:
        """Returns the indices of joints, from their names."""
        return tuple(self.joints.index(name) for name in names)

    def midpoint_of(self, name: str) -> tuple[int, ...]:
        """Returns the indices of the joints whose midpoint is a given joint.

        Its own index if the skeleton has the joint, those of the hips for "pelvis" and
        of the shoulders for "thorax", and none if it cannot be derived.
        """
        names = (name,) if name in self.joints else MIDPOINTS.get(name, ())
        return self.indices(names) if {*names} <= {*self.joints} else ()

    def get_config(self) -> dict:
        """Returns a configuration in JSON's types, from which `get` restores it."""
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
    """Returns a skeleton from its name or configuration.

    Args:
        skeleton: A key of `SKELETONS`, a `get_config()`, or a `Skeleton`, which is
            returned as it is.

    Raises:
        ValueError: If the name is unknown, or the configuration is invalid.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, dict):
        return Skeleton(**skeleton)
    if isinstance(skeleton, str) and skeleton in SKELETONS:
        return SKELETONS[skeleton]
    raise ValueError(
        f"`skeleton` must be a skeleton or its name. {suggest(skeleton, SKELETONS)} "
        f"Received: skeleton={skeleton!r}"
    )
