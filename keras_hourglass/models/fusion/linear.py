"""Folding of batch norms into convolutions.

At inference a batch norm is an affine map of each channel, and a convolution is
linear: the two in a row are one convolution with other weights. Convolutions with
nothing between them become fewer in the same way. `LINEAR_LAYERS` lists the layers
that can be folded.
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
    """The map `x * scale + shift` of each channel.

    Attributes:
        scale, shift: `(channels,)`, or one number for all; float64.
    """

    scale: np.ndarray
    shift: np.ndarray


IDENTITY = Affine(np.float64(1), np.float64(0))


def batch_norm_affine(norm: BatchNormalization) -> Affine:
    """Returns the affine map of a norm at inference, by its moving statistics."""
    mean, variance = to_numpy(norm.moving_mean), to_numpy(norm.moving_variance)
    scale = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        scale = scale * to_numpy(norm.gamma)
    shift = -mean * scale
    if norm.center:
        shift = shift + to_numpy(norm.beta)
    return Affine(scale, shift)


def to_numpy(weight) -> np.ndarray:
    """Returns a weight's values in float64, to compute others from."""
    return ops.convert_to_numpy(weight).astype("float64")


@keras.saving.register_keras_serializable("keras_hourglass")
class ScaleShift(keras.layers.Layer):
    """A norm that was not folded, in fused networks that version 0.4 saved.

    Input shape:
        `(..., channels)`

    Output shape:
        The same.
    """

    def build(self, input_shape):
        self.scale = self.add_weight(input_shape[-1:], "ones", name="scale")
        self.shift = self.add_weight(input_shape[-1:], "zeros", name="shift")

    def call(self, x):
        return ops.add(ops.multiply(x, self.scale), self.shift)

    def compute_output_shape(self, input_shape):
        return input_shape


def apply_affine(norm: BatchNormalization, x, relu: bool, name: str):
    """Applies a norm that cannot be folded, as its input has other uses.

    A depthwise convolution of one pixel: one operation with bias and ReLU, where a
    multiplication and an addition are three, and 8 bits have a scale for each channel.

    Args:
        norm: A norm of the last of four axes.
        x: A symbolic tensor.
        relu: Whether a ReLU follows.
        name: Of the new layer.

    Returns:
        A symbolic tensor.
    """
    scale, shift = batch_norm_affine(norm)
    like = DepthwiseConv2D(1, dtype=norm.dtype_policy)
    kernel = scale[None, None, :, None]
    return depthwise_convolution(like, x, kernel, shift, relu, name)


def rebuild(layer: Layer, x, name: str):
    """Applies a copy of a layer, with the same weights."""
    copy = type(layer).from_config({**layer.get_config(), "name": name})
    y = copy(x)
    copy.set_weights(layer.get_weights())
    return y


def convolution(like: Conv2D, x, kernel, bias, relu: bool, name: str):
    """Applies a convolution like another, with other weights.

    Args:
        like: A layer with the same size, strides, padding and precision.
        x: A symbolic tensor.
        kernel: `(height, width, input channels / groups, filters)`.
        bias: `(filters,)`, or one number for all.
        relu: Whether a ReLU follows.
        name: Of the new layer.

    Returns:
        A symbolic tensor.
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
    """Applies a depthwise convolution like another; without bias if that is None.

    See `convolution`.
    """
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


def join_biases(*summands):
    """Gives one of some convolutions, whose sum alone is used, the biases of all.

    Trained apart, they may be large and cancel: those of `photo` are up to 226, their
    sums below 10. Weights of 16 bits and activations of 8 would resolve the former.

    Args:
        summands: Symbolic tensors. Those of other layers are left as they are.
    """
    layers = [tensor._keras_history.operation for tensor in summands]
    layers = [layer for layer in layers if is_linear(layer) and hasattr(layer, "bias")]
    layers = [layer for layer in layers if layer.bias is not None]
    if layers:
        total = sum(to_numpy(layer.bias) for layer in layers)
        for layer in layers:
            layer.bias.assign(np.zeros(total.shape, "float32"))
        layers[0].bias.assign(total.astype("float32"))


def is_linear(layer) -> bool:
    """Returns whether a layer is in `LINEAR_LAYERS`, without an activation."""
    linear = getattr(layer, "activation", None) in (None, keras.activations.linear)
    return type(layer) in LINEAR_LAYERS and linear


def bias_or_zero(layer):
    """Returns a layer's bias, or 0 if it has none."""
    return to_numpy(layer.bias) if layer.use_bias else 0.0


def _convolution(layer: Conv2D, x, affine: Affine, relu, name):
    kernel = to_numpy(layer.kernel) * affine.scale
    bias = bias_or_zero(layer) * affine.scale + affine.shift
    return convolution(layer, x, kernel, bias, relu, name)


def _depthwise(layer: DepthwiseConv2D, x, affine: Affine, relu, name):
    kernel = to_numpy(layer.kernel)
    channels = kernel.shape[-2:]
    bias = np.broadcast_to(
        bias_or_zero(layer) * affine.scale + affine.shift, prod(channels)
    )
    scale = np.broadcast_to(affine.scale, prod(channels)).reshape(channels)
    return depthwise_convolution(layer, x, kernel * scale, bias, relu, name)


def _separable(layer: DepthwiseSeparable, x, affine: Affine, relu, name):
    depthwise, pointwise = layer.depthwise, layer.pointwise
    # Both biases become one, as there is no padding between them.
    bias = np.broadcast_to(bias_or_zero(depthwise), depthwise.kernel.shape[2])
    bias = bias @ to_numpy(pointwise.kernel)[0, 0] + bias_or_zero(pointwise)
    bias = bias * affine.scale + affine.shift
    x = depthwise_convolution(
        depthwise, x, to_numpy(depthwise.kernel), None, False, f"{name}_depthwise"
    )
    kernel = to_numpy(pointwise.kernel) * affine.scale
    return convolution(pointwise, x, kernel, bias, relu, name)


def _parallel_separable(layer: ParallelSeparable, x, affine: Affine, relu, name):
    # One pointwise convolution of their concatenated channels would be slower:
    # docs/performance.md.
    outputs = []
    for number, branch in enumerate(layer.branches, start=1):
        outputs.append(_separable(branch, x, affine, False, f"{name}_branch_{number}"))
        affine = affine._replace(shift=0.0)  # the sum needs it once
    return _sum(layer, outputs, relu, name)


def _parallel_dense(layer: ParallelDense, x, affine: Affine, relu, name):
    dense, *dilated = layer.branches
    biases = bias_or_zero(dense) + sum(bias_or_zero(branch) for branch in dilated)
    bias = biases * affine.scale + affine.shift
    kernel = to_numpy(dense.kernel) * affine.scale
    outputs = [convolution(dense, x, kernel, bias, False, f"{name}_dense")]
    scale = np.broadcast_to(affine.scale, layer.filters)
    for number, branch in enumerate(dilated, start=1):
        kernel = to_numpy(branch.kernel) * scale[:, None]
        branch_name = f"{name}_depthwise_{number}"
        outputs.append(
            depthwise_convolution(branch, x, kernel, None, False, branch_name)
        )
    return _sum(layer, outputs, relu, name)


def _sum(layer, outputs, relu, name):
    y = Add(name=name, dtype=layer.dtype_policy)(outputs)
    return ReLU(name=f"{name}_relu", dtype=layer.dtype_policy)(y) if relu else y


LINEAR_LAYERS = {  # class -> function that applies its layers, with an affine map after
    Conv2D: _convolution,
    DepthwiseConv2D: _depthwise,
    DepthwiseSeparable: _separable,
    ParallelSeparable: _parallel_separable,
    ParallelDense: _parallel_dense,
}
