"""One hourglass: down to a few pixels and up again, with a skip at every size."""

import keras
from keras import ops

from keras_hourglass.models.blocks import get as get_block
from keras_hourglass.models.blocks import name_of as block_name
from keras_hourglass.models.config import filters_by_size, validate_positive_integers
from keras_hourglass.models.trunk.layer_utils import build_chain


@keras.saving.register_keras_serializable("keras_hourglass")
class UpsampledSum(keras.layers.Layer):
    """Adds features to others of twice the size, each pixel to the four at its place.

    Attributes:
        broadcast: Whether to compute it by one addition that broadcasts over five axes,
            instead of enlarging features before. LiteRT computes the whole network by
            XNNPACK then, which cannot repeat values; OpenVINO is slower by a fifth
            (docs/performance.md). Not saved: exporters set it while
            they trace the network.

    Input shape:
        A list: `(batch, 2 * height, 2 * width, channels)` and
        `(batch, height, width, channels)`, of known sizes.

    Output shape:
        That of the first.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.broadcast = False

    def call(self, inputs):
        large, small = inputs
        if not self.broadcast:
            return ops.add(large, ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2))
        _, height, width, channels = small.shape
        large = ops.reshape(large, (-1, 2, width, 2, channels))
        small = ops.reshape(small, (-1, 1, width, 1, channels))
        y = ops.add(large, small)
        return ops.reshape(y, (-1, 2 * height, 2 * width, channels))

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@keras.saving.register_keras_serializable("keras_hourglass")
class Hourglass(keras.layers.Layer):
    """`up(x) + upsample(back(inner(down(maxpool(x)))))`, `inner` one size smaller.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation,
    ECCV 2016. https://arxiv.org/abs/1603.06937. More channels at smaller sizes: Law,
    Deng. CornerNet, ECCV 2018. https://arxiv.org/abs/1808.01244

    Args:
        depth: Number of times that the size is halved.
        block: Name (a key of `blocks.BLOCKS`) or class of the bottleneck block.
        blocks: Blocks at each position.
        filters: Channels of all features, even; or those of each size, `depth + 1`
            numbers, from the largest size to the smallest.

    Input shape:
        `(batch, height, width, channels)`, of as many channels as the largest size has;
        height and width multiples of 2**depth.

    Output shape:
        The same.
    """

    def __init__(
        self, depth: int, block, blocks: int, filters: int | tuple[int, ...], **kwargs
    ):
        super().__init__(**kwargs)
        validate_positive_integers(depth=depth, blocks=blocks)
        self.depth, self.blocks, self.filters = depth, blocks, filters
        self.block = get_block(block)
        outer, *smaller = filters_by_size(filters, depth)
        inner = smaller[0]
        self.up = self._blocks("up", [outer] * blocks)
        self.down = self._blocks("down", [inner] * blocks)
        # Packaged weights are in the order in which layers are made: inner ones last.
        self.back = self._blocks("back", [inner] * (blocks - 1) + [outer])
        if depth > 1:
            args = (depth - 1, self.block, blocks, tuple(smaller))
            self.inner = [Hourglass(*args, name="inner", dtype=self.dtype_policy)]
        else:
            self.inner = self._blocks("inner", [inner] * blocks)
        self.pool = keras.layers.MaxPooling2D(2, dtype=self.dtype_policy)
        self.upsample = keras.layers.UpSampling2D(2, dtype=self.dtype_policy)

    def _blocks(self, name, filters):
        return [
            self.block(channels, name=f"{name}_{i}", dtype=self.dtype_policy)
            for i, channels in enumerate(filters, start=1)
        ]

    @property
    def detour(self):
        """The layers from pooling to upsampling, in order."""
        return [self.pool, *self.down, *self.inner, *self.back, self.upsample]

    def build(self, input_shape):
        build_chain(self.up, input_shape, build=True)
        build_chain(self.detour, input_shape, build=True)

    def call(self, x):
        skip = x
        for layer in self.up:
            skip = layer(skip)
        for layer in self.detour:
            x = layer(x)
        return ops.add(skip, x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "depth": self.depth,
            "block": block_name(self.block),
            "blocks": self.blocks,
            "filters": self.filters,
        }
