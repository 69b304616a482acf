"""Bottlenecks of depthwise separable convolutions.

Elhagry, Saeed, Araia. Lighter Stacked Hourglass Human Pose Estimation, Fig. 3b, 3c.
https://arxiv.org/abs/2107.13643
"""

import keras
from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.trunk.layer_utils import apply_dtype_policy, build_chain


@keras.saving.register_keras_serializable("keras_hourglass")
class DepthwiseSeparable(keras.layers.Layer):
    """A depthwise 3 x 3 and a pointwise convolution, linear between, with two biases.

    Keras's `SeparableConv2D` has no bias after its depthwise part.

    Args:
        filters: Channels of the output.
        dilation: Step between the taps of the 3 x 3 convolution, in pixels.
        initializer: Initializer of the pointwise kernel.
    """

    def __init__(
        self,
        filters: int,
        dilation: int = 1,
        initializer: str = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.dilation = filters, dilation
        self.initializer = initializer
        self.depthwise = DepthwiseConv2D(3, padding="same", dilation_rate=dilation)
        self.pointwise = Conv2D(filters, 1, kernel_initializer=initializer)
        apply_dtype_policy(self)

    def build(self, input_shape):
        build_chain([self.depthwise, self.pointwise], input_shape, build=True)

    def call(self, x):
        return self.pointwise(self.depthwise(x))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilation": self.dilation,
            "initializer": self.initializer,
        }


@keras.saving.register_keras_serializable("keras_hourglass")
class SeparableBlock(Bottleneck):
    """The residual bottleneck with its 3 x 3 convolution made separable (Fig. 3b)."""

    def branch_layers(self):
        half = self.filters // 2
        return [
            *preactivated(Conv2D(half, 1)),
            *preactivated(DepthwiseSeparable(half)),
            *preactivated(Conv2D(self.filters, 1, kernel_initializer="zeros")),
        ]


@keras.saving.register_keras_serializable("keras_hourglass")
class Separable3Block(Bottleneck):
    """The residual bottleneck with all three convolutions made separable (Fig. 3c)."""

    def branch_layers(self):
        half = self.filters // 2
        return [
            *preactivated(DepthwiseSeparable(half)),
            *preactivated(DepthwiseSeparable(half)),
            *preactivated(DepthwiseSeparable(self.filters, initializer="zeros")),
        ]
