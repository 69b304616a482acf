"""A skeleton: joints, limbs, flip pairs, report groups and sigmas.

Sides are derived from the joints' names: `left_knee` and `right_knee` change places in
a mirrored image, `pelvis` stays.
"""

import json
import logging
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property

from keras_hourglass.skeletons.body import (
    ARMS_AND_LEGS,
    COCO_JOINTS,
    HIPS,
    LIMB_GROUPS,
    LOWER_BODY,
    MIDPOINTS,
    OFFICIAL_HEAD,
    SHOULDERS,
    UPPER_BODY,
)
from keras_hourglass.skeletons.measures import MEASURES, Measure
from keras_hourglass.skeletons.names import (
    canonical_name,
    full_name,
    mirrored_name,
    side_guesses,
    without_side,
)

logger = logging.getLogger(__name__)


@cache
def _warn_unpaired(names: tuple[str, ...]):
    """Warns of sided joints without a counterpart: once for the same ones."""
    logger.warning(
        "joints of one side without their counterpart on the other are not exchanged "
        "in mirrored images: %s",
        ", ".join(names),
    )


@cache
def _warn_unexchanged(pairs: tuple[tuple[str, str], ...]):
    """Warns of joints that are sides to a reader, but to no rule: once for the same."""
    logger.warning(
        "joints look like left and right, and are not exchanged in mirrored images: "
        "%s. `flip_pairs` of the skeleton exchanges them",
        ", ".join(map(" and ".join, pairs)),
    )


@dataclass(frozen=True)
class Skeleton:
    """The joints of a dataset or a network, in the order of their heatmaps.

    Names are compared by `canonical_name`: a limb from "Left Ear" ends at the joint
    `left_ear`.

    Args:
        joints: Names, each once. `l_` and `r_` in front become `left_` and `right_`.
        limbs: Pairs of names, which are drawn as lines.
        groups: Column of a report -> names of the joints that it averages. Without
            groups, each joint is a column.
        unscored: Names of joints that the mean PCKh leaves out.
        reference: Key of `MEASURES`: the length that errors are measured in. By
            default "head" for the joints of MPII, LSP and COCO, and for others with
            `upper_neck` and `head_top`; else "box".
        flip_pairs: Pairs of names that are exchanged in mirrored images, besides those
            that differ in their side alone, such as `left_ear` and `right_ear`. A pair
            of a joint with itself keeps it from being exchanged.
        sigmas: COCO's constant of each joint for object keypoint similarity, or none.
        lower: Names of the lower half, for augmentation by half bodies. By default,
            pelvis, hips, legs and feet, where all other joints are of a person's upper
            body; else there are no halves.
        category: Name of the bodies in COCO's files, "crab" say. Skeletons that differ
            in it alone are equal.

    Attributes:
        flip_pairs: All pairs, given and derived.

    Raises:
        ValueError: If a name is repeated or unknown, or there are not as many sigmas as
            joints.

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
    flip_pairs: tuple[tuple[str, str], ...] = ()
    sigmas: tuple[float, ...] = ()
    lower: tuple[str, ...] = ()
    category: str = field(default="", compare=False)

    def __post_init__(self):
        def set_field(name, value):
            object.__setattr__(self, name, value)

        names = self.joints
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"`joints` must be names. Received: joints={names!r}")
        set_field("joints", tuple(map(full_name, names)))
        if not self.joints or len({*self.canonical_names}) < len(self.joints):
            raise ValueError(
                "`joints` must be one or more different names. "
                f"Received: joints={self.joints}"
            )
        for name in ("limbs", "flip_pairs"):
            set_field(name, tuple(getattr(self, name)))
            if not all(map(_is_pair_of_names, getattr(self, name))):
                raise ValueError(
                    f"`{name}` must be pairs of names of joints. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        set_field("limbs", tuple(map(self._own_names, self.limbs)))
        if empty := [column for column, group in self.groups.items() if not group]:
            raise ValueError(
                "`groups` must have one or more joints each. "
                f"Received: {empty[0]!r} without any"
            )
        groups = {
            column: self._own_names(group) for column, group in self.groups.items()
        }
        set_field("groups", groups)
        set_field("unscored", self._own_names(self.unscored))
        set_field("sigmas", tuple(map(float, self.sigmas)))
        if self.sigmas and not (
            len(self.sigmas) == len(self.joints) and min(self.sigmas) > 0
        ):
            raise ValueError(
                f"`sigmas` must be {len(self.joints)} positive numbers, one for each "
                f"joint, or none. Received: sigmas={self.sigmas}"
            )
        if self.reference not in (None, *MEASURES):
            raise ValueError(
                f"`reference` must be None or one of {[*MEASURES]}. "
                f"Received: reference={self.reference!r}"
            )
        set_field("flip_pairs", self._all_pairs())
        set_field("lower", self._own_names(self.lower))

    def _own_names(self, names) -> tuple[str, ...]:
        """Returns this skeleton's own spelling of names."""
        names = (names,) if isinstance(names, str) else tuple(names)
        if missing := sorted({name for name in names if name not in self}):
            raise ValueError(
                f"`joints` must include every joint that is used; {missing} are "
                f"missing. Received: joints={self.joints}"
            )
        return tuple(self.joints[i] for i in self.indices(names))

    def _all_pairs(self):
        """Returns the pairs given, and those that follow from the joints' sides."""
        pairs = [self._own_names(pair) for pair in self.flip_pairs]
        used = [name for pair in pairs for name in {*pair}]
        if len({*used}) < len(used):
            raise ValueError(
                "`flip_pairs` must be pairs of names, each name in one pair. "
                f"Received: flip_pairs={self.flip_pairs}"
            )
        unpaired = []
        for name, canonical in zip(self.joints, self.canonical_names):
            twin = mirrored_name(canonical)
            if name in used or twin == canonical:
                continue
            if twin not in self or self._own_names(twin)[0] in used:
                unpaired.append(name)
            elif canonical.startswith("left_"):
                pairs.append(self._own_names((canonical, twin)))
        if unpaired:
            _warn_unpaired(tuple(unpaired))
        alone = {*self.joints}.difference(unpaired, *pairs)
        names = {canonical_name(name): name for name in self.joints if name in alone}
        alike = [
            (name, names[other])
            for canonical, name in names.items()
            for other in side_guesses(canonical)
            if other in names
        ]
        if alike:
            _warn_unexchanged(tuple(alike))
        return tuple(pairs)

    @cached_property
    def canonical_names(self) -> tuple[str, ...]:
        """The canonical name of each joint."""
        return tuple(map(canonical_name, self.joints))

    def __contains__(self, name: str) -> bool:
        """Returns whether the skeleton has a joint, however its name is spelled."""
        return canonical_name(name) in self.canonical_names

    @cached_property
    def flip_indices(self) -> tuple[int, ...]:
        """For each joint, the index of its counterpart in a mirrored image."""
        flipped = [*range(len(self.joints))]
        for a, b in map(self.indices, self.flip_pairs):
            flipped[a], flipped[b] = b, a
        return tuple(flipped)

    @property
    def scored(self) -> tuple[int, ...]:
        """The indices of the joints that the mean PCKh includes."""
        return self.indices(name for name in self.joints if name not in self.unscored)

    @cached_property
    def measure(self) -> Measure:
        """The measure that `reference` names, or that its default is."""
        names = {*self.canonical_names}
        has_head = names >= {*OFFICIAL_HEAD} or names == {*COCO_JOINTS}
        return MEASURES[self.reference or ("head" if has_head else "box")]

    @property
    def has_arms_and_legs(self) -> bool:
        """True if all joints of a human's arms and legs are there."""
        return self.has_all(sum(LIMB_GROUPS.values(), ()))

    @property
    def arms_and_legs(self) -> tuple[int, ...]:
        """The indices of the joints of arms and legs, with shoulders and hips."""
        limb_joints = {name for names in LIMB_GROUPS.values() for name in names}
        return self.indices(
            name for name in self.canonical_names if name in limb_joints
        )

    @cached_property
    def limb_segments(self) -> tuple[tuple[int, int], ...]:
        """The indices of both ends of each segment of arms and legs."""
        return tuple(self.indices(ends) for ends in ARMS_AND_LEGS if self.has_all(ends))

    @property
    def torso(self) -> tuple[tuple[int, int], ...]:
        """The indices of both shoulders, then of both hips, right before left."""
        return tuple(map(self.indices, filter(self.has_all, (SHOULDERS, HIPS))))

    @cached_property
    def is_person(self) -> bool:
        """Whether all joints are named as those of a person's body."""
        names = map(without_side, self.canonical_names)
        return {*names} <= {*UPPER_BODY, *LOWER_BODY}

    @cached_property
    def upper_lower(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The indices of the upper and of the lower half; none where it has no halves.

        See `lower`.
        """
        lower = self.lower
        if not lower and self.is_person:
            names = zip(self.joints, self.canonical_names)
            lower = [j for j, name in names if without_side(name) in LOWER_BODY]
        upper = [name for name in self.joints if name not in lower]
        return (
            (self.indices(upper), self.indices(lower)) if upper and lower else ((), ())
        )

    def has_all(self, names) -> bool:
        """Returns whether the skeleton has all of these joints."""
        return all(name in self for name in names)

    def indices(self, names) -> tuple[int, ...]:
        """Returns the indices of joints, from their names in any spelling."""
        return tuple(self.canonical_names.index(canonical_name(name)) for name in names)

    def midpoint_of(self, name: str) -> tuple[int, ...]:
        """Returns the indices of the joints whose midpoint is a given joint.

        Its own index if the skeleton has the joint, those of the hips for "pelvis" and
        of the shoulders for "thorax", and none if it cannot be derived.
        """
        names = (name,) if name in self else MIDPOINTS.get(canonical_name(name), ())
        return self.indices(names) if self.has_all(names) else ()

    def select(self, names) -> "Skeleton":
        """Returns the part of the skeleton with some of its joints, in their order."""
        kept = self._own_names(names)
        groups = {
            column: [name for name in group if name in kept]
            for column, group in self.groups.items()
        }
        return Skeleton(
            kept,
            limbs=[limb for limb in self.limbs if {*limb} <= {*kept}],
            groups={column: group for column, group in groups.items() if group},
            unscored=[name for name in self.unscored if name in kept],
            reference=self.reference,
            flip_pairs=[pair for pair in self.flip_pairs if {*pair} <= {*kept}],
            sigmas=[self.sigmas[i] for i in self.indices(kept)] if self.sigmas else (),
            lower=[name for name in self.lower if name in kept],
            category=self.category,
        )

    def get_config(self) -> dict:
        """Returns a configuration in JSON's types, from which `get` restores it.

        Written to a file, `json.dumps(skeleton.get_config())` is a skeleton that
        `get("FILE.json")` and `--skeleton FILE.json` read.
        """
        return json.loads(json.dumps(asdict(self)))


def _is_pair_of_names(pair) -> bool:
    """Returns whether a value is a pair of strings."""
    is_pair = isinstance(pair, tuple | list) and len(pair) == 2
    return is_pair and all(isinstance(name, str) for name in pair)
