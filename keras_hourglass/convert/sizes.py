"""The arguments of a network, read from the names and shapes of a checkpoint."""

import re

from keras_hourglass import skeleton as skeletons
from keras_hourglass.convert.differences import FIRST
from keras_hourglass.skeleton import SKELETONS, Skeleton

COUNTED = {  # argument -> the kernels that there are as many of
    "stacks": "score.{}.weight",
    "blocks": "res.0.{}.conv1.weight",
    "depth": "hg.0.hg.{}.0.0.conv1.weight",
}
MEASURED = {  # argument -> the kernel that has as many channels, along which axis
    "stem_filters": ("conv1.weight", 0),
    "filters": ("score.0.weight", 1),
}
JOINTS = ("score.0.weight", 0)


def arguments(arrays: dict) -> dict:
    """Those that make the network of a checkpoint, but for its skeleton.

    Args:
        arrays: Name there -> array.

    Raises:
        ValueError: If kernels that tell them are not there.
    """
    found = {}
    for argument, kernel in COUNTED.items():
        pattern = re.compile(re.escape(kernel).replace(r"\{\}", r"\d+"))
        counted = sum(pattern.fullmatch(name) is not None for name in arrays)
        found[argument] = counted or _refuse(arrays, kernel.format(0))
    for argument, place in MEASURED.items():
        found[argument] = _size(arrays, place)
    return found


def skeleton(arrays: dict, given=None) -> Skeleton:
    """The joints that a checkpoint's heatmaps show.

    Args:
        arrays: Name there -> array.
        given: A skeleton, its name or configuration. Without one, it is the known
            one of as many joints.

    Raises:
        ValueError: If none has as many, or the one that was given has not.
    """
    joints = _size(arrays, JOINTS)
    if given is not None:
        found = skeletons.get(given)
        if len(found.joints) != joints:
            raise ValueError(
                f"`skeleton` must have {joints} joints, as the checkpoint has. "
                f"Received: {len(found.joints)} joints"
            )
        return found
    known = {len(each.joints): each for each in SKELETONS.values()}
    if joints not in known:
        raise ValueError(
            f"`skeleton` must say which {joints} joints the checkpoint has; those of "
            f"{', '.join(SKELETONS)} are {', '.join(map(str, known))}. "
            "Received: skeleton=None"
        )
    return known[joints]


def _size(arrays, place):
    """A kernel's channels along an axis."""
    name, axis = place
    if name not in arrays or arrays[name].ndim != 4:
        _refuse(arrays, name)
    return arrays[name].shape[axis]


def _refuse(arrays, kernel):
    raise ValueError(
        f"`path` must be a checkpoint of an hourglass, with a kernel {kernel}. "
        f"Received: one with {', '.join([*arrays][:FIRST])} ..."
    )
