"""What each weight is called in PyTorch's hourglasses: one table, for both ways.

The names are those of `pytorch-pose` and `pytorch-stacked-hourglass`, whose published
weights they are. Everything counts from 0 there, and from 1 here. The levels of an
hourglass count from the innermost there, from the outermost here.

What keeps a checkpoint from fitting a network, in a line.

The arguments of a network, read from the names and shapes of a checkpoint.
"""

import re

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.hourglass import Hourglass
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.skeletons import SKELETONS, Skeleton

NETWORK = {  # layer here -> name there; what is in braces is one less than here
    r"stem_convolution": "conv1",
    r"stem_norm": "bn1",
    r"stem_block_1": "layer1.0",
    r"stem_block_2": "layer2.0",
    r"stem_block_3": "layer3.0",
    r"stack_(\d+)": "hg.{}.hg",
    r"stack_(\d+)_block_(\d+)": "res.{}.{}",
    r"stack_(\d+)_convolution": "fc.{}.0",
    r"stack_(\d+)_norm": "fc.{}.1",
    r"stack_(\d+)_heatmaps": "score.{}",
    r"stack_(\d+)_features_back": "fc_.{}",
    r"stack_(\d+)_heatmaps_back": "score_.{}",
}
HOURGLASS = {"up": 0, "down": 1, "back": 2, "inner": 3}
BRANCH = ("bn1", "conv1", "bn2", "conv2", "bn3", "conv3")
SHORTCUT = "downsample.0"
WEIGHTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def torch_variables(model: StackedHourglass) -> dict:
    """Name there -> variable here, of every weight of a network of residual blocks."""
    return {
        f"{name}.{WEIGHTS[variable.name]}": variable
        for layer in model.layers
        if layer.weights
        for inner, name in _weighted_layers(layer, _torch_name(layer.name))
        for variable in inner.weights
    }


def to_torch_layout(array: np.ndarray) -> np.ndarray:
    """A weight with its axes in PyTorch's order: a kernel's channels come first."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array


def to_keras_layout(array: np.ndarray) -> np.ndarray:
    """A weight with its axes in Keras's order. Undoes `as_there`."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _torch_name(layer):
    """The name there of a layer of the network."""
    for here, there in NETWORK.items():
        if found := re.fullmatch(here, layer):
            return there.format(*(int(number) - 1 for number in found.groups()))
    raise KeyError(layer)


def _weighted_layers(layer, name):
    """Every convolution and norm inside a layer, and its name there."""
    if isinstance(layer, Hourglass):
        for part, index in HOURGLASS.items():
            for block, inner in enumerate(getattr(layer, part)):
                place = f"{name}.{layer.depth - 1}.{index}.{block}"
                smaller = isinstance(inner, Hourglass)
                yield from _weighted_layers(inner, name if smaller else place)
    elif isinstance(layer, Bottleneck):
        weighted = [inner for inner in layer.branch if inner.weights]
        yield from zip(weighted, (f"{name}.{part}" for part in BRANCH))
        if layer.shortcut is not None:
            yield layer.shortcut, f"{name}.{SHORTCUT}"
    else:
        yield layer, name


MAX_NAMES = 3  # names of each kind that are said


def describe_differences(found: dict, wanted: dict) -> str:
    """The first names that are missing, unexpected, or of another shape.

    Args:
        found: Name -> array, of the checkpoint.
        wanted: Name -> array, of the network.

    Returns:
        Nothing, where they are the same.
    """
    kinds = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in wanted],
        "of another shape": [
            f"{name} {found[name].shape}, not {array.shape}"
            for name, array in wanted.items()
            if name in found and found[name].shape != array.shape
        ],
    }
    return "; ".join(
        f"{len(names):,} {kind}: {', '.join(names[:MAX_NAMES])}"
        + (", ..." if len(names) > MAX_NAMES else "")
        for kind, names in kinds.items()
        if names
    )


COUNTED_KERNELS = {  # argument -> the kernels that there are as many of
    "stacks": "score.{}.weight",
    "blocks": "res.0.{}.conv1.weight",
    "depth": "hg.0.hg.{}.0.0.conv1.weight",
}
MEASURED_KERNELS = {  # argument -> a kernel, and the axis of its size
    "stem_filters": ("conv1.weight", 0),
    "filters": ("score.0.weight", 1),
}
JOINTS_KERNEL = ("score.0.weight", 0)


def infer_config(arrays: dict) -> dict:
    """Those that make the network of a checkpoint, but for its skeleton.

    Args:
        arrays: Name there -> array.

    Raises:
        ValueError: If kernels that tell them are not there.
    """
    found = {}
    for argument, kernel in COUNTED_KERNELS.items():
        pattern = re.compile(re.escape(kernel).replace(r"\{\}", r"\d+"))
        counted = sum(pattern.fullmatch(name) is not None for name in arrays)
        found[argument] = counted or _refuse(arrays, kernel.format(0))
    for argument, place in MEASURED_KERNELS.items():
        found[argument] = _size(arrays, place)
    return found


def infer_skeleton(arrays: dict, given=None) -> Skeleton:
    """The joints that a checkpoint's heatmaps show.

    Args:
        arrays: Name there -> array.
        given: A skeleton, its name or configuration. Without one, it is the known
            one of as many joints.

    Raises:
        ValueError: If none has as many, or the one that was given has not.
    """
    joints = _size(arrays, JOINTS_KERNEL)
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
        f"Received: one with {', '.join([*arrays][:MAX_NAMES])} ..."
    )
