"""Mapping between the weights of PyTorch's hourglasses and of networks here.

One table of names serves both directions, and a network's arguments are inferred from
a checkpoint's names and shapes. PyTorch's names count from 0, layers here from 1;
PyTorch's levels of an hourglass count from the innermost, those here from the
outermost.
"""

import re

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.models.trunk.hourglass import Hourglass
from keras_hourglass.skeletons import SKELETONS, Skeleton

TORCH_NAMES = {  # layer -> PyTorch's name, with each number reduced by one
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
HOURGLASS_PARTS = {"up": 0, "down": 1, "back": 2, "inner": 3}
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
    """Returns PyTorch's name -> variable of each weight of a network.

    Args:
        model: A network of residual blocks.
    """
    return {
        f"{name}.{WEIGHTS[variable.name]}": variable
        for layer in model.layers
        if layer.weights
        for inner, name in _weighted_layers(layer, _torch_name(layer.name))
        for variable in inner.weights
    }


def to_torch_layout(array: np.ndarray) -> np.ndarray:
    """Transposes a kernel to PyTorch's layout, with channels first."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array


def to_keras_layout(array: np.ndarray) -> np.ndarray:
    """Transposes a kernel to Keras's layout. Undoes `to_torch_layout`."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _torch_name(layer):
    """Returns PyTorch's name of a layer of the network."""
    for pattern, name in TORCH_NAMES.items():
        if match := re.fullmatch(pattern, layer):
            return name.format(*(int(number) - 1 for number in match.groups()))
    raise KeyError(layer)


def _weighted_layers(layer, name):
    """Yields each convolution and norm inside a layer, with PyTorch's name."""
    if isinstance(layer, Hourglass):
        for part, index in HOURGLASS_PARTS.items():
            for block, inner in enumerate(getattr(layer, part)):
                position = f"{name}.{layer.depth - 1}.{index}.{block}"
                nested = isinstance(inner, Hourglass)
                yield from _weighted_layers(inner, name if nested else position)
    elif isinstance(layer, Bottleneck):
        weighted = [inner for inner in layer.branch if inner.weights]
        yield from zip(weighted, (f"{name}.{part}" for part in BRANCH))
        if layer.shortcut is not None:
            yield layer.shortcut, f"{name}.{SHORTCUT}"
    else:
        yield layer, name


MAX_NAMES = 3  # names of each kind in a message


def describe_differences(arrays: dict, expected: dict) -> str:
    """Lists the first names that are missing, unexpected, or of another shape.

    Args:
        arrays: Name -> array, of the checkpoint.
        expected: Name -> array, of the network.

    Returns:
        A line; empty if there is no difference.
    """
    kinds = {
        "missing": [name for name in expected if name not in arrays],
        "unexpected": [name for name in arrays if name not in expected],
        "of another shape": [
            f"{name} {arrays[name].shape}, not {array.shape}"
            for name, array in expected.items()
            if name in arrays and arrays[name].shape != array.shape
        ],
    }
    return "; ".join(
        f"{len(names):,} {kind}: {', '.join(names[:MAX_NAMES])}"
        + (", ..." if len(names) > MAX_NAMES else "")
        for kind, names in kinds.items()
        if names
    )


COUNTED_KERNELS = {  # argument -> pattern of kernels, whose number it is
    "stacks": "score.{}.weight",
    "blocks": "res.0.{}.conv1.weight",
    "depth": "hg.0.hg.{}.0.0.conv1.weight",
}
MEASURED_KERNELS = {  # argument -> a kernel, and the axis whose size it is
    "stem_filters": ("conv1.weight", 0),
    "filters": ("score.0.weight", 1),
}
JOINTS_KERNEL = ("score.0.weight", 0)


def infer_config(arrays: dict) -> dict:
    """Infers the arguments of a checkpoint's network, except for its skeleton.

    Args:
        arrays: PyTorch's name -> array.

    Raises:
        ValueError: If a kernel that they are inferred from is missing.
    """
    config = {}
    for argument, kernel in COUNTED_KERNELS.items():
        pattern = re.compile(re.escape(kernel).replace(r"\{\}", r"\d+"))
        count = sum(pattern.fullmatch(name) is not None for name in arrays)
        config[argument] = count or _refuse(arrays, kernel.format(0))
    for argument, (kernel, axis) in MEASURED_KERNELS.items():
        config[argument] = _size(arrays, kernel, axis)
    return config


def infer_skeleton(arrays: dict, given=None) -> Skeleton:
    """Infers a checkpoint's skeleton from the number of its heatmaps.

    Args:
        arrays: PyTorch's name -> array.
        given: A skeleton, its name or configuration; by default, the named one with
            as many joints.

    Raises:
        ValueError: If the skeleton given has another number of joints, or no named one
            has as many.
    """
    joints = _size(arrays, *JOINTS_KERNEL)
    if given is not None:
        skeleton = skeletons.get(given)
        if len(skeleton.joints) != joints:
            raise ValueError(
                f"`skeleton` must have {joints} joints, as the checkpoint has. "
                f"Received: {len(skeleton.joints)} joints"
            )
        return skeleton
    known = {len(skeleton.joints): skeleton for skeleton in SKELETONS.values()}
    if joints not in known:
        raise ValueError(
            f"`skeleton` must say which {joints} joints the checkpoint has; those of "
            f"{', '.join(SKELETONS)} are {', '.join(map(str, known))}. "
            "Received: skeleton=None"
        )
    return known[joints]


def _size(arrays, name, axis):
    """Returns a kernel's size along an axis."""
    if name not in arrays or arrays[name].ndim != 4:
        _refuse(arrays, name)
    return arrays[name].shape[axis]


def _refuse(arrays, kernel):
    raise ValueError(
        f"`path` must be a checkpoint of an hourglass, with a kernel {kernel}. "
        f"Received: one with {', '.join([*arrays][:MAX_NAMES])} ..."
    )
