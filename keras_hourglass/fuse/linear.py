"""Convolutions that take in the norm after them, and how: `LINEAR`.

A convolution is linear, and so is a norm that has learned: one after the other is one
convolution with other weights. Where nothing stands between several convolutions, they
become fewer in the same way.
"""

from math import prod

import keras
import numpy as np
from keras.layers import Add, Concatenate, Conv2D, DepthwiseConv2D

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
    return _separables([layer], x, after, relu, name)


def _parallel_separable(layer: ParallelSeparable, x, after: Affine, relu, name):
    return _separables(layer.branches, x, after, relu, name)


def _separables(layers, x, after, relu, name):
    """Their sum. One pointwise convolution sees what all the depthwise ones say."""
    seen, kernels, bias = [], [], after.shift
    for place, layer in enumerate(layers):
        wide, point = layer.depthwise, layer.pointwise
        # No padding lies between them, so that a bias can be carried through.
        kernels.append(number(point.kernel) * after.scale)
        carried = np.broadcast_to(bias_of(wide), kernels[-1].shape[2])
        bias = bias + carried @ kernels[-1][0, 0] + bias_of(point) * after.scale
        part = f"{name}_depthwise_{place + 1}"
        seen.append(depthwise(wide, x, number(wide.kernel), None, False, part))
    if len(seen) > 1:
        policy = layers[0].dtype_policy
        seen = [Concatenate(name=f"{name}_together", dtype=policy)(seen)]
    return convolved(point, *seen, np.concatenate(kernels, 2), bias, relu, name)


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
    y = Add(name=name, dtype=layer.dtype_policy)(seen)
    return keras.layers.ReLU(name=f"{name}_relu")(y) if relu else y


LINEAR = {
    Conv2D: _convolution,
    DepthwiseConv2D: _depthwise,
    DepthwiseSeparable: _separable,
    ParallelSeparable: _parallel_separable,
    ParallelDense: _parallel_dense,
}
