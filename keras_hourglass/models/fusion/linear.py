"""What a norm does once it has learned: multiply each channel, and add to it.

To put layers with weights that are known into a graph.

Convolutions that take in the norm after them, and how: `LINEAR`.

A convolution is linear, and so is a norm that has learned: one after the other is one
convolution with other weights. Where nothing stands between several convolutions, they
become fewer in the same way.
"""

from math import prod
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from keras.layers import Add, BatchNormalization, Conv2D, DepthwiseConv2D, Layer, ReLU

from keras_hourglass.models.blocks.multidilated import ParallelDense, ParallelSeparable
from keras_hourglass.models.blocks.separable import DepthwiseSeparable


class Affine(NamedTuple):
    """`x * scale + shift`, of each channel.

    Attributes:
        scale, shift: `(channels,)`, or one number for all; float64.
    """

    scale: np.ndarray
    shift: np.ndarray


IDENTITY = Affine(np.float64(1), np.float64(0))


def batch_norm_affine(norm: BatchNormalization) -> Affine:
    """With its moving statistics, as it works when nothing is learned."""
    mean, variance = to_numpy(norm.moving_mean), to_numpy(norm.moving_variance)
    scale = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        scale = scale * to_numpy(norm.gamma)
    shift = -mean * scale
    if norm.center:
        shift = shift + to_numpy(norm.beta)
    return Affine(scale, shift)


def to_numpy(weight) -> np.ndarray:
    """A weight's values, exact enough to compute others from."""
    return ops.convert_to_numpy(weight).astype("float64")


@keras.saving.register_keras_serializable("keras_hourglass")
class ScaleShift(keras.layers.Layer):
    """A norm that stays, since what is before it is used elsewhere, too."""

    def build(self, input_shape):
        self.scale = self.add_weight(input_shape[-1:], "ones", name="scale")
        self.shift = self.add_weight(input_shape[-1:], "zeros", name="shift")

    def call(self, x):
        return ops.add(ops.multiply(x, self.scale), self.shift)

    def compute_output_shape(self, input_shape):
        return input_shape


def apply_affine(norm: BatchNormalization, x, name: str):
    """What a norm makes of `x`."""
    layer = ScaleShift(name=name, dtype=norm.dtype_policy.name)
    y = layer(x)
    layer.set_weights([values.astype("float32") for values in batch_norm_affine(norm)])
    return y


def rebuild(layer: Layer, x, name: str):
    """What a layer makes of `x`: by another like it, with the same weights."""
    copy = type(layer).from_config({**layer.get_config(), "name": name})
    y = copy(x)
    copy.set_weights(layer.get_weights())
    return y


def convolution(like: Conv2D, x, kernel, bias, relu: bool, name: str):
    """A convolution like another, with other weights.

    Args:
        like: Has its size, steps and precision.
        x: What it sees.
        kernel: In Keras's order.
        bias: `(filters,)`, or one number for all.
        relu: Whether a ReLU comes after it.
        name: Of the new layer.
    """
    layer = Conv2D(
        kernel.shape[-1],
        groups=like.groups,
        kernel_initializer="zeros",
        **_same_config(like, bias, relu, name),
    )
    return _with_weights(layer, x, kernel, np.broadcast_to(bias, kernel.shape[-1]))


def depthwise_convolution(
    like: DepthwiseConv2D, x, kernel, bias, relu: bool, name: str
):
    """The same for a depthwise convolution; without a bias if that is None."""
    layer = DepthwiseConv2D(
        depth_multiplier=kernel.shape[-1],
        depthwise_initializer="zeros",
        **_same_config(like, bias, relu, name),
    )
    return _with_weights(layer, x, kernel, bias)


def _same_config(like, bias, relu, name):
    same = ("kernel_size", "strides", "padding", "dilation_rate")
    return {
        **{key: getattr(like, key) for key in same},
        "use_bias": bias is not None,
        "activation": "relu" if relu else None,
        "dtype": like.dtype_policy,
        "name": name,
    }


def _with_weights(layer, x, *weights):
    y = layer(x)
    layer.set_weights([np.asarray(w, "float32") for w in weights if w is not None])
    return y


def is_linear(layer) -> bool:
    """Whether a layer is in the table, and ends without an activation."""
    bare = getattr(layer, "activation", None) in (None, keras.activations.linear)
    return type(layer) in LINEAR_LAYERS and bare


def bias_response(layer):
    """Its bias, or the zero that stands for none."""
    return to_numpy(layer.bias) if layer.use_bias else 0.0


def _convolution(layer: Conv2D, x, after: Affine, relu, name):
    kernel = to_numpy(layer.kernel) * after.scale
    bias = bias_response(layer) * after.scale + after.shift
    return convolution(layer, x, kernel, bias, relu, name)


def _depthwise(layer: DepthwiseConv2D, x, after: Affine, relu, name):
    kernel = to_numpy(layer.kernel)
    channels = kernel.shape[-2:]
    bias = np.broadcast_to(
        bias_response(layer) * after.scale + after.shift, prod(channels)
    )
    scale = np.broadcast_to(after.scale, prod(channels)).reshape(channels)
    return depthwise_convolution(layer, x, kernel * scale, bias, relu, name)


def _separable(layer: DepthwiseSeparable, x, after: Affine, relu, name):
    wide, point = layer.depthwise, layer.pointwise
    # Both biases become one: no padding lies between.
    first = np.broadcast_to(bias_response(wide), wide.kernel.shape[2])
    bias = first @ to_numpy(point.kernel)[0, 0] + bias_response(point)
    bias = bias * after.scale + after.shift
    x = depthwise_convolution(
        wide, x, to_numpy(wide.kernel), None, False, f"{name}_depthwise"
    )
    return convolution(point, x, to_numpy(point.kernel) * after.scale, bias, relu, name)


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
    biases = bias_response(dense) + sum(bias_response(part) for part in dilated)
    bias = biases * after.scale + after.shift
    kernel = to_numpy(dense.kernel) * after.scale
    seen = [convolution(dense, x, kernel, bias, False, f"{name}_dense")]
    scale = np.broadcast_to(after.scale, layer.filters)
    for place, part in enumerate(dilated):
        kernel = to_numpy(part.kernel) * scale[:, None]
        part_name = f"{name}_depthwise_{place + 1}"
        seen.append(depthwise_convolution(part, x, kernel, None, False, part_name))
    return _summed(layer, seen, relu, name)


def _summed(layer, parts, relu, name):
    y = Add(name=name, dtype=layer.dtype_policy)(parts)
    return ReLU(name=f"{name}_relu", dtype=layer.dtype_policy)(y) if relu else y


LINEAR_LAYERS = {
    Conv2D: _convolution,
    DepthwiseConv2D: _depthwise,
    DepthwiseSeparable: _separable,
    ParallelSeparable: _parallel_separable,
    ParallelDense: _parallel_dense,
}
