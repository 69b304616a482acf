"""A stem, then hourglasses in a row, each with maps of its own.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016.
https://arxiv.org/abs/1603.06937
"""

from keras.initializers import RandomNormal
from keras.layers import Add, Conv2D, MaxPooling2D, ReLU, ZeroPadding2D

from keras_hourglass.models.blocks.batch_norm import batch_normalization
from keras_hourglass.models.trunk.heads import NormalizePixels
from keras_hourglass.models.trunk.hourglass import Hourglass


def stack_hourglasses(
    images, maps: int, stacks, block, blocks, filters, stem_filters, depth
) -> list:
    """Computes the maps of each stack, a quarter of the size of the images.

    Args:
        images: `(batch, height, width, 3)`, an input of a model.
        maps: Channels of a stack's maps.
        stacks, block, blocks, filters, stem_filters, depth: See `StackedHourglass`;
            `block` is a class, `filters` a number for each size.

    Returns:
        `(batch, height / 4, width / 4, maps)` of each stack.
    """
    channels, *_ = filters  # at the size of the maps
    x = _stem(images, block, stem_filters, channels)
    outputs = []
    for stack in range(1, stacks + 1):
        y = Hourglass(depth, block, blocks, filters, name=f"stack_{stack}")(x)
        for i in range(1, blocks + 1):
            y = block(channels, name=f"stack_{stack}_block_{i}")(y)
        y = Conv2D(channels, 1, name=f"stack_{stack}_convolution")(y)
        y = batch_normalization(name=f"stack_{stack}_norm")(y)
        y = ReLU(name=f"stack_{stack}_relu")(y)
        outputs.append(_head(maps, f"stack_{stack}_heatmaps")(y))
        if stack < stacks:
            y = Conv2D(channels, 1, name=f"stack_{stack}_features_back")(y)
            back = Conv2D(channels, 1, name=f"stack_{stack}_heatmaps_back")
            x = Add(name=f"stack_{stack}_sum")([x, y, back(outputs[-1])])
    return outputs


def _head(maps, name):
    """Creates the convolution to maps; near 0 at first, as most pixels end."""
    start = RandomNormal(stddev=0.001)
    return Conv2D(maps, 1, kernel_initializer=start, name=name)


def _stem(images, block, stem_filters, channels):
    """Computes features of a quarter of the size of the images."""
    x = NormalizePixels(name="normalize")(images)
    # Symmetric padding, as in PyTorch; Keras's "same" would shift the features.
    x = ZeroPadding2D(3, name="stem_padding")(x)
    x = Conv2D(stem_filters, 7, strides=2, name="stem_convolution")(x)
    x = batch_normalization(name="stem_norm")(x)
    x = ReLU(name="stem_relu")(x)
    x = block(2 * stem_filters, name="stem_block_1")(x)
    x = MaxPooling2D(2, name="stem_pooling")(x)
    x = block(4 * stem_filters, name="stem_block_2")(x)
    return block(channels, name="stem_block_3")(x)
