"""Bottlenecks of parallel dilated convolutions.

Kim, Lee. Lightweight Stacked Hourglass Network for Human Pose Estimation, Applied
Sciences 2020, 10(18):6497. https://doi.org/10.3390/app10186497
As in Elhagry et al. Lighter Stacked Hourglass Human Pose Estimation, Fig. 3e.
https://arxiv.org/abs/2107.13643

`multidilated` is the block as that paper describes it. Table 1 there prints parameter
counts that this block cannot have; `multidilated_dense` is the simplest design that
has them.
"""

import keras
from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.blocks.separable import DepthwiseSeparable
from keras_hourglass.models.trunk.layer_utils import apply_dtype_policy

DILATIONS = (1, 2, 3)  # pixels


class Parallel(keras.layers.Layer):
    """Base class of the sum of several branches of one input."""

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.branches = self.branch_layers()
        apply_dtype_policy(self)

    def branch_layers(self) -> list:
        """Lists the layers to sum, each of `filters` channels."""
        raise NotImplementedError

    def build(self, input_shape):
        for layer in self.branches:
            layer.build(input_shape)

    def call(self, x):
        return sum(layer(x) for layer in self.branches)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("keras_hourglass")
class ParallelSeparable(Parallel):
    """Depthwise separable 3 x 3 convolutions of dilation 1, 2 and 3, summed."""

    def branch_layers(self):
        return [DepthwiseSeparable(self.filters, rate) for rate in DILATIONS]


@keras.saving.register_keras_serializable("keras_hourglass")
class ParallelDense(Parallel):
    """A dense 3 x 3 and depthwise ones of dilation 2 and 3, summed.

    The input must have `filters` channels: depthwise convolutions keep their number.
    """

    def branch_layers(self):
        dense, *dilated = DILATIONS
        return [
            Conv2D(self.filters, 3, padding="same", dilation_rate=dense),
            *[DepthwiseConv2D(3, padding="same", dilation_rate=r) for r in dilated],
        ]


@keras.saving.register_keras_serializable("keras_hourglass")
class MultidilatedBlock(Bottleneck):
    """The residual bottleneck around three separable convolutions in parallel."""

    def branch_layers(self):
        half = self.filters // 2
        return [
            *preactivated(Conv2D(half, 1)),
            *preactivated(ParallelSeparable(half)),
            *preactivated(Conv2D(self.filters, 1, kernel_initializer="zeros")),
        ]


@keras.saving.register_keras_serializable("keras_hourglass")
class MultidilatedDenseBlock(Bottleneck):
    """The block of the printed counts: a dense 3 x 3, and another 1 x 1."""

    def branch_layers(self):
        half = self.filters // 2
        return [
            *preactivated(Conv2D(half, 1)),
            *preactivated(ParallelDense(half)),
            Conv2D(half, 1),  # like the pointwise half of a separable convolution
            *preactivated(Conv2D(self.filters, 1, kernel_initializer="zeros")),
        ]
