"""Convolutions that take in the norm after them, and how: `LINEAR`.

A convolution is linear, and so is a norm that has learned: one after the other is one
convolution with other weights. Where nothing stands between several convolutions, they
become fewer in the same way.
"""

from math import prod

import keras
import numpy as np
from keras.layers import Add, Conv2D, DepthwiseConv2D, ReLU

from keras_hourglass.fuse.affine import Affine, number
from keras_hourglass.fuse.emit import convolved, depthwise
from keras_hourglass.layers.blocks.multidilated import ParallelDense, ParallelSeparable
from keras_hourglass.layers.blocks.separable import DepthwiseSeparable


def is_linear(layer) -> bool:
    """Whether a layer is in the table, and ends without an activation."""
    bare = getattr(layer, "activation", None) in (None, keras.activations.linear)
    return type(layer) in LINEAR and bare


def bias_of(layer):
    """Its bias, or the zero that stands for none."""
    return number(layer.bias) if layer.use_bias else 0.0


def _convolution(layer: Conv2D, x, after: Affine, relu, name):
    kernel = number(layer.kernel) * after.scale
    bias = bias_of(layer) * after.scale + after.shift
    return convolved(layer, x, kernel, bias, relu, name)


def _depthwise(layer: DepthwiseConv2D, x, after: Affine, relu, name):
    kernel = number(layer.kernel)
    channels = kernel.shape[-2:]
    bias = np.broadcast_to(bias_of(layer) * after.scale + after.shift, prod(channels))
    scale = np.broadcast_to(after.scale, prod(channels)).reshape(channels)
    return depthwise(layer, x, kernel * scale, bias, relu, name)


def _separable(layer: DepthwiseSeparable, x, after: Affine, relu, name):
    wide, point = layer.depthwise, layer.pointwise
    # Both biases become one: no padding lies between.
    first = np.broadcast_to(bias_of(wide), wide.kernel.shape[2])
    bias = first @ number(point.kernel)[0, 0] + bias_of(point)
    bias = bias * after.scale + after.shift
    x = depthwise(wide, x, number(wide.kernel), None, False, f"{name}_depthwise")
    return convolved(point, x, number(point.kernel) * after.scale, bias, relu, name)


def _parallel_separable(layer: ParallelSeparable, x, after: Affine, relu, name):
    # One pointwise convolution of all their channels, side by side, would be slower:
    # docs/performance.md.
    parts = []
    for place, part in enumerate(layer.branches, start=1):
        parts.append(_separable(part, x, after, False, f"{name}_branch_{place}"))
        after = after._replace(shift=0.0)  # once is enough
    return _summed(layer, parts, relu, name)


def _parallel_dense(layer: ParallelDense, x, after: Affine, relu, name):
    dense, *dilated = layer.branches
    biases = bias_of(dense) + sum(bias_of(part) for part in dilated)
    bias = biases * after.scale + after.shift
    kernel = number(dense.kernel) * after.scale
    seen = [convolved(dense, x, kernel, bias, False, f"{name}_dense")]
    scale = np.broadcast_to(after.scale, layer.filters)
    for place, part in enumerate(dilated):
        kernel = number(part.kernel) * scale[:, None]
        part_name = f"{name}_depthwise_{place + 1}"
        seen.append(depthwise(part, x, kernel, None, False, part_name))
    return _summed(layer, seen, relu, name)


def _summed(layer, parts, relu, name):
    y = Add(name=name, dtype=layer.dtype_policy)(parts)
    return ReLU(name=f"{name}_relu", dtype=layer.dtype_policy)(y) if relu else y


LINEAR = {
    Conv2D: _convolution,
    DepthwiseConv2D: _depthwise,
    DepthwiseSeparable: _separable,
    ParallelSeparable: _parallel_separable,
    ParallelDense: _parallel_dense,
}
