"""How a network takes its steps: soon, and quickly.

The stacked hourglass network, whole.
"""

import keras
from keras.initializers import RandomNormal
from keras.layers import Add, Conv2D, Input, MaxPooling2D, ReLU, ZeroPadding2D

from keras_hourglass import skeletons
from keras_hourglass.models import presets
from keras_hourglass.models.blocks import batch_norm
from keras_hourglass.models.blocks import get as get_block
from keras_hourglass.models.blocks import name_of as block_name
from keras_hourglass.models.blocks.bottleneck import batch_normalization
from keras_hourglass.models.heads import NormalizePixels, StackHeatmaps
from keras_hourglass.models.hourglass import Hourglass
from keras_hourglass.models.weights import load_weights


class Stepping(keras.Model):
    """A model whose `fit` is Keras's own, but begins sooner and is quicker."""

    def make_train_function(self, force: bool = False):
        """As Keras has it, with norms quickened and the optimizer's variables made.

        See `_direct`, too. Left to the first step, TensorFlow would make the variables
        while it traces that, and then trace it once more: twice the time until anything
        moves.
        """
        if self.train_function is not None and not force:
            return
        if not self.jit_compile:
            batch_norm.use_fused_training(self)
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        super().make_train_function(force)
        self.train_function = self._direct(self.train_function)

    def make_test_function(self, force: bool = False):
        """As Keras has it; see `_direct`."""
        if self.test_function is not None and not force:
            return
        super().make_test_function(force)
        self.test_function = self._direct(self.test_function)

    def _direct(self, function):
        """A step that is handed its batch, where it would take that from an iterator.

        To take it, Keras has TensorFlow wrap the step in a second function, which
        calls it with every weight of the network. To optimize that one, too, takes a
        fifth of the time until anything moves.
        """
        strategy = getattr(self, "distribute_strategy", None)
        if strategy is None:  # not on TensorFlow
            return function
        if strategy.num_replicas_in_sync > 1 or self.steps_per_execution > 1:
            return function  # which takes a batch for each
        return lambda batches: function(iter([next(batches)]))


STRIDE = 4  # image pixels to a heatmap pixel


@keras.saving.register_keras_serializable("keras_hourglass")
class StackedHourglass(Stepping):
    """Finds the joints of the person in the middle of a picture, as heatmaps.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937. The light blocks: Elhagry, Saeed, Araia.
    Lighter Stacked Hourglass Human Pose Estimation. https://arxiv.org/abs/2107.13643

    Args:
        stacks: Hourglasses in a row. Each is supervised, the last is the answer.
        block: Name (`layers.blocks.BLOCKS`) or class of the bottleneck block.
        blocks: Blocks at each position of an hourglass.
        filters: Channels of the hourglasses, even.
        stem_filters: Channels of the first convolution, even.
        depth: How often an hourglass halves its input.
        skeleton: Name (`skeleton.SKELETONS`), `Skeleton` or its configuration.
        image_size: Pixels of a side, or (height, width); multiples of
            4 * 2**depth.
        offset: (x, y), heatmap pixels, that decoding adds: what the code that
            trained the weights was off by.

    Input shape:
        `(batch, height, width, 3)`, RGB from 0 to 255, uint8 or float.

    Output shape:
        `(batch, stacks, height / 4, width / 4, joints)`, float32, also for one
        stack. A joint's heatmap is 1 where the joint is, 0 far from it.

    Raises:
        ValueError: If a size does not fit, a name is unknown, or Keras is set to
            channels first.
    """

    def __init__(
        self,
        stacks: int = 2,
        block="residual",
        blocks: int = 1,
        filters: int = 256,
        stem_filters: int = 64,
        depth: int = 4,
        skeleton="mpii",
        image_size: int | tuple[int, int] = 256,
        offset: tuple[float, float] = (0, 0),
        **kwargs,
    ):
        for name, value in {"stacks": stacks, "blocks": blocks, "depth": depth}.items():
            if value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}"
                )
        if keras.config.image_data_format() != "channels_last":
            raise ValueError(
                "`image_data_format` must be 'channels_last' (keras.json says). "
                f"Received: image_data_format={keras.config.image_data_format()!r}"
            )
        block, skeleton = get_block(block), skeletons.get(skeleton)
        height, width = validate_image_size(image_size, depth)

        images = Input((height, width, 3), name="images")
        x = _stem(images, block, stem_filters, filters)
        outputs = []
        for stack in range(1, stacks + 1):
            y = Hourglass(depth, block, blocks, filters, name=f"stack_{stack}")(x)
            for i in range(1, blocks + 1):
                y = block(filters, name=f"stack_{stack}_block_{i}")(y)
            y = Conv2D(filters, 1, name=f"stack_{stack}_convolution")(y)
            y = batch_normalization(name=f"stack_{stack}_norm")(y)
            y = ReLU(name=f"stack_{stack}_relu")(y)
            outputs.append(_head(len(skeleton.joints), f"stack_{stack}_heatmaps")(y))
            if stack < stacks:
                y = Conv2D(filters, 1, name=f"stack_{stack}_features_back")(y)
                back = Conv2D(filters, 1, name=f"stack_{stack}_heatmaps_back")
                x = Add(name=f"stack_{stack}_sum")([x, y, back(outputs[-1])])
        super().__init__(images, StackHeatmaps(name="heatmaps")(outputs), **kwargs)

        self.stacks, self.block, self.blocks = stacks, block, blocks
        self.filters, self.stem_filters, self.depth = filters, stem_filters, depth
        self.skeleton, self.image_size = skeleton, (height, width)
        self.offset = tuple(offset)

    @classmethod
    def from_preset(cls, name: str, weights: bool = False, **changes):
        """A network of `presets.PRESETS`.

        Args:
            name: A key of that table.
            weights: Whether to load the weights that the package carries.
            changes: Arguments of the constructor, in place of the preset's.

        Raises:
            ValueError: If there is no such preset, or it has no weights.
        """
        preset = presets.get_preset(name)
        if weights and preset.weights is None:
            raise ValueError(
                f"`weights` must be False: the preset has none. Train it with "
                f"`hourglass-keras train`. Received: name={name!r}, weights=True"
            )
        model = cls(**{**preset.network, **changes})
        if weights:
            load_weights(model, preset.weights)
        return model

    @property
    def heatmap_size(self) -> tuple[int, int]:
        """(width, height) of the heatmaps, in pixels: a grid's size."""
        height, width = self.image_size
        return width // STRIDE, height // STRIDE

    def get_config(self):
        return {
            "stacks": self.stacks,
            "block": block_name(self.block),
            "blocks": self.blocks,
            "filters": self.filters,
            "stem_filters": self.stem_filters,
            "depth": self.depth,
            "skeleton": self.skeleton.get_config(),
            "image_size": self.image_size,
            "offset": self.offset,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def validate_image_size(image_size, depth: int) -> tuple[int, int]:
    """(height, width) in pixels, once it is sure that they can be halved.

    Raises:
        ValueError: If they cannot; with sizes that can.
    """
    size = (image_size,) * 2 if isinstance(image_size, int) else tuple(image_size)
    unit = STRIDE * 2**depth
    if len(size) != 2 or any(side < unit or side % unit for side in size):
        near = sorted({max(unit, round(side / unit) * unit) for side in size})
        raise ValueError(
            f"`image_size` must be multiples of {unit} for depth {depth} (say, "
            f"{' or '.join(map(str, near))}). Received: image_size={image_size}"
        )
    return size


def _head(joints, name):
    """The convolution that draws heatmaps; they begin near 0, as most pixels end."""
    start = RandomNormal(stddev=0.001)
    return Conv2D(joints, 1, kernel_initializer=start, name=name)


def _stem(images, block, stem_filters, filters):
    """From pixels to the features, a quarter of the size, that hourglasses share."""
    x = NormalizePixels(name="normalize")(images)
    # Symmetric, as PyTorch pads; Keras's "same" would shift the features.
    x = ZeroPadding2D(3, name="stem_padding")(x)
    x = Conv2D(stem_filters, 7, strides=2, name="stem_convolution")(x)
    x = batch_normalization(name="stem_norm")(x)
    x = ReLU(name="stem_relu")(x)
    x = block(2 * stem_filters, name="stem_block_1")(x)
    x = MaxPooling2D(2, name="stem_pooling")(x)
    x = block(4 * stem_filters, name="stem_block_2")(x)
    return block(filters, name="stem_block_3")(x)
