"""Bottleneck blocks: the base class of all, and pre-activated convolutions."""

import keras
from keras import ops
from keras.layers import Conv2D, ReLU

from keras_hourglass.models.blocks.batch_norm import batch_normalization
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.models.trunk.layer_utils import apply_dtype_policy, build_chain


def preactivated(convolution) -> list:
    """Puts batch normalization and ReLU before a convolution (pre-activation).

    He et al. Identity Mappings in Deep Residual Networks, ECCV 2016.
    https://arxiv.org/abs/1603.05027

    Args:
        convolution: A Keras layer.

    Returns:
        The three layers, in order, for `Bottleneck.branch_layers`.

    Example:

    ```python
    import keras
    import keras_hourglass as kh

    norm, relu, convolution = kh.preactivated(keras.layers.Conv2D(64, 3))
    ```
    """
    return [batch_normalization(), ReLU(), convolution]


class Bottleneck(keras.layers.Layer):
    """Base class of the blocks of an hourglass: input plus branch.

    A subclass lists the layers of its branch in `branch_layers`, and is registered
    with Keras so that saved models find it. Where the input has other channels than
    the output, the shortcut is a 1 x 1 convolution.

    The library's own branches are initialized to zero (by the last kernel or scale),
    so a new block is the identity: after a few hundred steps, networks score twice as
    high for it. Goyal et al. Accurate, Large Minibatch SGD, 2017, section 5.1,
    https://arxiv.org/abs/1706.02677

    Args:
        filters: Channels of the output, even.
        kwargs: Arguments of `keras.layers.Layer`.

    Attributes:
        widens: Whether a block of more filters can take over the weights
            (`train --from`): False for branches that concatenate, where channels of the
            second part are not where they were.

    Input shape:
        `(batch, height, width, channels)`

    Output shape:
        `(batch, height, width, filters)`

    Raises:
        ValueError: If `filters` is not a positive even number.

    Example:

    ```python
    import keras
    import keras_hourglass as kh

    @keras.saving.register_keras_serializable("my_package")
    class LargeKernelBlock(kh.Bottleneck):
        def branch_layers(self):
            depthwise = keras.layers.DepthwiseConv2D(7, padding="same")
            pointwise = keras.layers.Conv2D(self.filters, 1)
            return [*kh.preactivated(depthwise), *kh.preactivated(pointwise)]

    model = kh.StackedHourglass(
        stacks=1, block=LargeKernelBlock, filters=16, image_size=64
    )
    ```
    """

    widens = True

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        validate_positive_integers(filters=filters)
        if filters % 2:
            raise ValueError(
                "`filters` must be even: the bottleneck has half of them. "
                f"Received: filters={filters}"
            )
        self.filters = filters
        self.branch = self.branch_layers()
        self.shortcut = None
        apply_dtype_policy(self)

    def branch_layers(self) -> list:
        """Lists the layers of the branch, in order; the last has `filters` channels."""
        raise NotImplementedError

    def build(self, input_shape):
        if input_shape[-1] != self.filters:  # unknown before
            self.shortcut = Conv2D(self.filters, 1, dtype=self.dtype_policy)
            self.shortcut.build(input_shape)
        build_chain(self.branch, input_shape, build=True)

    def call(self, x):
        y = x
        for layer in self.branch:
            y = layer(y)
        return ops.add(x if self.shortcut is None else self.shortcut(x), y)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}
