"""What a body consists of: named joints, the limbs between them, report groups."""

from dataclasses import asdict, dataclass, field
from functools import cached_property

from keras_hourglass.skeleton.names import (
    ARMS_AND_LEGS,
    HIPS,
    LIMB_GROUPS,
    LOWER_BODY,
    MIDDLES,
    SHOULDERS,
    full_name,
    mirrored_name,
    unsided,
)


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
    def mirror(self) -> tuple[int, ...]:
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
    def bones(self) -> tuple[tuple[int, int], ...]:
        """The indices of both ends of each bone of arms and legs."""
        known = {*self.joints}
        return tuple(self.indices(bone) for bone in ARMS_AND_LEGS if known >= {*bone})

    @property
    def trunk(self) -> tuple[tuple[int, int], ...]:
        """The indices of both shoulders, then of both hips, right before left."""
        known = {*self.joints}
        pairs = [pair for pair in (SHOULDERS, HIPS) if known >= {*pair}]
        return tuple(map(self.indices, pairs))

    @cached_property
    def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The indices of the upper and of the lower body's joints."""
        lower = [name for name in self.joints if unsided(name) in LOWER_BODY]
        upper = [name for name in self.joints if name not in lower]
        return self.indices(upper), self.indices(lower)

    def indices(self, names) -> tuple[int, ...]:
        """Where the named joints stand."""
        return tuple(self.joints.index(name) for name in names)

    def around(self, name: str) -> tuple[int, ...]:
        """The indices of the joints in whose middle a joint lies.

        Its own, where the skeleton has it; none, where nothing tells where it lies.
        """
        names = (name,) if name in self.joints else MIDDLES.get(name, ())
        return self.indices(names) if {*names} <= {*self.joints} else ()

    def get_config(self) -> dict:
        """What `get` makes the same skeleton of again, in types that JSON knows."""
        return asdict(self)
