"""What each weight is called in PyTorch's hourglasses: one table, for both ways.

The names are those of `pytorch-pose` and `pytorch-stacked-hourglass`, whose published
weights they are. Everything counts from 0 there, and from 1 here. The levels of an
hourglass count from the innermost there, from the outermost here.
"""

import re

import numpy as np

from keras_hourglass.layers.blocks import Bottleneck
from keras_hourglass.layers.hourglass import Hourglass
from keras_hourglass.model import StackedHourglass

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


def variables(model: StackedHourglass) -> dict:
    """Name there -> variable here, of every weight of a network of residual blocks."""
    return {
        f"{name}.{WEIGHTS[variable.name]}": variable
        for layer in model.layers
        if layer.weights
        for inner, name in _inside(layer, _of_network(layer.name))
        for variable in inner.weights
    }


def as_there(array: np.ndarray) -> np.ndarray:
    """A weight with its axes in PyTorch's order: a kernel's channels come first."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array


def as_here(array: np.ndarray) -> np.ndarray:
    """A weight with its axes in Keras's order. Undoes `as_there`."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _of_network(layer):
    """The name there of a layer of the network."""
    for here, there in NETWORK.items():
        if found := re.fullmatch(here, layer):
            return there.format(*(int(number) - 1 for number in found.groups()))
    raise KeyError(layer)


def _inside(layer, name):
    """Every convolution and norm inside a layer, and its name there."""
    if isinstance(layer, Hourglass):
        for part, index in HOURGLASS.items():
            for block, inner in enumerate(getattr(layer, part)):
                place = f"{name}.{layer.depth - 1}.{index}.{block}"
                smaller = isinstance(inner, Hourglass)
                yield from _inside(inner, name if smaller else place)
    elif isinstance(layer, Bottleneck):
        weighted = [inner for inner in layer.branch if inner.weights]
        yield from zip(weighted, (f"{name}.{part}" for part in BRANCH))
        if layer.shortcut is not None:
            yield layer.shortcut, f"{name}.{SHORTCUT}"
    else:
        yield layer, name
