"""Layers in a row, in their inference form."""

import keras
from keras.layers import Activation, Add, BatchNormalization, Concatenate, ReLU

from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.blocks.ghost import GhostModule
from keras_hourglass.models.fusion.linear import (
    IDENTITY,
    LINEAR,
    copied,
    is_linear,
    of_norm,
    scaled,
)
from keras_hourglass.models.hourglass import Hourglass


def chain(layers, x, name: str):
    """What layers in a row make of `x`, by as few as possible.

    Args:
        layers: Built; each is used here alone.
        x: A symbolic tensor.
        name: What the new layers' names begin with.
    """
    waiting = [layer for layer in layers if not _is(layer, keras.activations.linear)]
    while waiting:
        layer = waiting.pop(0)
        part = f"{name}_{len(layers) - len(waiting)}" if len(layers) > 1 else name
        if is_linear(layer):
            after = of_norm(waiting.pop(0)) if _is_norm(waiting) else IDENTITY
            relu = bool(waiting) and _is(waiting[0], keras.activations.relu)
            if relu:
                waiting.pop(0)
            x = LINEAR[type(layer)](layer, x, after, relu, part)
        elif _is_norm([layer]):
            x = scaled(layer, x, part)
        else:
            x = composed(layer, x, part)
    return x


def composed(layer, x, name: str):
    """What a layer of layers makes of `x`; one that is not known is copied."""
    if isinstance(layer, Bottleneck) and type(layer).call is Bottleneck.call:
        shortcut = [layer.shortcut] if layer.shortcut else []
        skip = chain(shortcut, x, f"{name}_shortcut")
        y = chain(layer.branch, x, name)
        return Add(name=f"{name}_sum", dtype=layer.dtype_policy)([skip, y])
    if type(layer) is GhostModule:
        x = chain(layer.primary, x, f"{name}_primary")
        both = [x, chain(layer.cheap, x, f"{name}_cheap")]
        return Concatenate(name=name, dtype=layer.dtype_policy)(both)
    if type(layer) is Hourglass:
        skip = chain(layer.up, x, f"{name}_up")
        y = chain([layer.pool], x, f"{name}_pool")
        for part in ("down", "inner", "back"):
            y = chain(getattr(layer, part), y, f"{name}_{part}")
        y = chain([layer.upsample], y, f"{name}_upsample")
        return Add(name=f"{name}_sum", dtype=layer.dtype_policy)([skip, y])
    return copied(layer, x, name)


def _is(layer, activation) -> bool:
    """Whether a layer is an activation, and nothing else."""
    if type(layer) is ReLU:
        plain = (layer.max_value, layer.negative_slope, layer.threshold)
        return activation is keras.activations.relu and plain == (None, 0, 0)
    return type(layer) is Activation and layer.activation is activation


def _is_norm(layers) -> bool:
    """Whether the first of some layers is a norm of channels."""
    return [type(layer) for layer in layers[:1]] == [BatchNormalization] and (
        layers[0].axis in (-1, 3)
    )
