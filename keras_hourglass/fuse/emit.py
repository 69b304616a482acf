"""To put layers with weights that are known into a graph."""

import numpy as np
from keras.layers import Conv2D, DepthwiseConv2D, Layer


def copied(layer: Layer, x, name: str):
    """What a layer makes of `x`: by another like it, with the same weights."""
    copy = type(layer).from_config({**layer.get_config(), "name": name})
    y = copy(x)
    copy.set_weights(layer.get_weights())
    return y


def convolved(like: Conv2D, x, kernel, bias, relu: bool, name: str):
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
        **_alike(like, bias, relu, name),
    )
    return _weighted(layer, x, kernel, np.broadcast_to(bias, kernel.shape[-1]))


def depthwise(like: DepthwiseConv2D, x, kernel, bias, relu: bool, name: str):
    """The same for a depthwise convolution; without a bias if that is None."""
    layer = DepthwiseConv2D(
        depth_multiplier=kernel.shape[-1],
        depthwise_initializer="zeros",
        **_alike(like, bias, relu, name),
    )
    return _weighted(layer, x, kernel, bias)


def _alike(like, bias, relu, name):
    same = ("kernel_size", "strides", "padding", "dilation_rate")
    return {
        **{key: getattr(like, key) for key in same},
        "use_bias": bias is not None,
        "activation": "relu" if relu else None,
        "dtype": like.dtype_policy,
        "name": name,
    }


def _weighted(layer, x, *weights):
    y = layer(x)
    layer.set_weights([np.asarray(w, "float32") for w in weights if w is not None])
    return y
