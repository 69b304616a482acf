"""Bottleneck of Ghost modules.

Han et al. GhostNet: More Features from Cheap Operations, CVPR 2020.
https://arxiv.org/abs/1911.11907. As a block of hourglasses: Elhagry et al., Fig. 3d.
"""

import keras
from keras import ops
from keras.layers import Activation, Conv2D, DepthwiseConv2D

from keras_hourglass.models.blocks.batch_norm import batch_normalization
from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.trunk.layer_utils import apply_dtype_policy, build_chain


@keras.saving.register_keras_serializable("keras_hourglass")
class GhostModule(keras.layers.Layer):
    """Half of the channels by a 1 x 1 convolution, the others by a depthwise of them.

    Args:
        filters: Channels of the output, even.
        activation: Keras activation after the normalization of each half.
        initializer: Initializer of the scale of both normalizations.
    """

    def __init__(
        self,
        filters: int,
        activation: str = "linear",
        initializer: str = "ones",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.activation = filters, activation
        self.initializer = initializer
        self.primary = [
            Conv2D(filters // 2, 1, use_bias=False),
            batch_normalization(gamma_initializer=initializer),
            Activation(activation),
        ]
        self.cheap = [
            DepthwiseConv2D(3, padding="same", use_bias=False),
            batch_normalization(gamma_initializer=initializer),
            Activation(activation),
        ]
        apply_dtype_policy(self)

    def build(self, input_shape):
        build_chain([*self.primary, *self.cheap], input_shape, build=True)

    def call(self, x):
        for layer in self.primary:
            x = layer(x)
        ghost = x
        for layer in self.cheap:
            ghost = layer(ghost)
        return ops.concatenate([x, ghost], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "activation": self.activation,
            "initializer": self.initializer,
        }


@keras.saving.register_keras_serializable("keras_hourglass")
class GhostBlock(Bottleneck):
    """Two Ghost modules: to half of the channels, with ReLU, and back, linear."""

    widens = False

    def branch_layers(self):
        return [
            GhostModule(self.filters // 2, "relu"),
            GhostModule(self.filters, initializer="zeros"),
        ]
