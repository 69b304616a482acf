"""What a norm does once it has learned: multiply each channel, and add to it."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from keras.layers import BatchNormalization


class Affine(NamedTuple):
    """`x * scale + shift`, of each channel.

    Attributes:
        scale, shift: `(channels,)`, or one number for all; float64.
    """

    scale: np.ndarray
    shift: np.ndarray


IDENTITY = Affine(np.float64(1), np.float64(0))


def of_norm(norm: BatchNormalization) -> Affine:
    """With its moving statistics, as it works when nothing is learned."""
    mean, variance = number(norm.moving_mean), number(norm.moving_variance)
    scale = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        scale = scale * number(norm.gamma)
    shift = -mean * scale
    if norm.center:
        shift = shift + number(norm.beta)
    return Affine(scale, shift)


def number(weight) -> np.ndarray:
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


def scaled(norm: BatchNormalization, x, name: str):
    """What a norm makes of `x`."""
    layer = ScaleShift(name=name, dtype=norm.dtype_policy.name)
    y = layer(x)
    layer.set_weights([values.astype("float32") for values in of_norm(norm)])
    return y
