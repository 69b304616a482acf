"""Fusion of sequences of layers, and of the layers that are made of them."""

import keras
from keras.layers import Activation, Add, Concatenate, ReLU

from keras_hourglass.models.blocks import batch_norm
from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.blocks.ghost import GhostModule
from keras_hourglass.models.fusion.linear import (
    IDENTITY,
    LINEAR_LAYERS,
    apply_affine,
    batch_norm_affine,
    is_linear,
    join_biases,
    rebuild,
)
from keras_hourglass.models.trunk.hourglass import Hourglass, UpsampledSum


def fuse_chain(layers, x, name: str):
    """Applies layers in order, fused into as few as possible.

    Args:
        layers: Built layers, without other uses in the network.
        x: A symbolic tensor.
        name: Prefix of the new layers' names.

    Returns:
        A symbolic tensor.
    """
    queue = [layer for layer in layers if not _is(layer, keras.activations.linear)]
    while queue:
        layer = queue.pop(0)
        part = f"{name}_{len(layers) - len(queue)}" if len(layers) > 1 else name
        if is_linear(layer):
            affine = batch_norm_affine(queue.pop(0)) if _is_norm(queue) else IDENTITY
            relu = _pop_relu(queue)
            x = LINEAR_LAYERS[type(layer)](layer, x, affine, relu, part)
        elif _is_norm([layer]) and len(x.shape) == 4:
            x = apply_affine(layer, x, _pop_relu(queue), part)
        else:
            x = compose(layer, x, part)
    return x


def compose(layer, x, name: str):
    """Applies a composite layer with its parts fused; an unknown layer is copied."""
    if isinstance(layer, Bottleneck) and type(layer).call is Bottleneck.call:
        shortcut = [layer.shortcut] if layer.shortcut else []
        skip = fuse_chain(shortcut, x, f"{name}_shortcut")
        y = fuse_chain(layer.branch, x, name)
        if shortcut:
            join_biases(skip, y)
        return Add(name=f"{name}_sum", dtype=layer.dtype_policy)([skip, y])
    if type(layer) is GhostModule:
        x = fuse_chain(layer.primary, x, f"{name}_primary")
        both = [x, fuse_chain(layer.cheap, x, f"{name}_cheap")]
        return Concatenate(name=name, dtype=layer.dtype_policy)(both)
    if type(layer) is Hourglass:
        skip = fuse_chain(layer.up, x, f"{name}_up")
        y = fuse_chain([layer.pool], x, f"{name}_pool")
        for part in ("down", "inner", "back"):
            y = fuse_chain(getattr(layer, part), y, f"{name}_{part}")
        policy = layer.dtype_policy.name
        return UpsampledSum(name=f"{name}_sum", dtype=policy)([skip, y])
    return rebuild(layer, x, name)


def _pop_relu(queue) -> bool:
    """Removes a ReLU at the head of a queue; returns whether there was one."""
    found = bool(queue) and _is(queue[0], keras.activations.relu)
    if found:
        queue.pop(0)
    return found


def _is(layer, activation) -> bool:
    """Returns whether a layer only applies an activation."""
    if type(layer) is ReLU:
        plain = (layer.max_value, layer.negative_slope, layer.threshold)
        return activation is keras.activations.relu and plain == (None, 0, 0)
    return type(layer) is Activation and layer.activation is activation


def _is_norm(layers) -> bool:
    """Returns whether the first of some layers is a norm of channels."""
    classes = keras.layers.BatchNormalization, batch_norm.BatchNormalization
    return bool(layers) and type(layers[0]) in classes and layers[0].axis in (-1, 3)
