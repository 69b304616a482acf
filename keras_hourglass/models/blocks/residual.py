"""Bottleneck of the stacked hourglass paper.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation,
ECCV 2016. https://arxiv.org/abs/1603.06937
"""

import keras
from keras.layers import Conv2D

from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated


@keras.saving.register_keras_serializable("keras_hourglass")
class ResidualBlock(Bottleneck):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, the middle one at half of the channels."""

    def branch_layers(self):
        half = self.filters // 2
        return [
            *preactivated(Conv2D(half, 1)),
            *preactivated(Conv2D(half, 3, padding="same")),
            *preactivated(Conv2D(self.filters, 1, kernel_initializer="zeros")),
        ]
