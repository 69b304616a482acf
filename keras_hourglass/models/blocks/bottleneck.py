"""What all bottleneck blocks share: the shortcut, the shapes, the precision."""

import keras
from keras import ops
from keras.layers import BatchNormalization, Conv2D, ReLU

from keras_hourglass.models.layer_utils import apply_dtype_policy, build_chain


def batch_normalization(**kwargs):
    """Batch normalization with PyTorch's constants, which all published nets have."""
    return BatchNormalization(epsilon=1e-5, momentum=0.9, **kwargs)


def preactivated(convolution):
    """The layers of a convolution in pre-activation order.

    He et al. Identity Mappings in Deep Residual Networks, ECCV 2016.
    https://arxiv.org/abs/1603.05027
    """
    return [batch_normalization(), ReLU(), convolution]


class Bottleneck(keras.layers.Layer):
    """Input plus branch. A subclass says in `branch_layers` what the branch is.

    The branches here begin at zero (the last kernel or scale does), so that at first a
    block hands on what it gets. After the first few hundred steps, networks score twice
    as high for it. Goyal et al. Accurate, Large Minibatch SGD, 2017, section 5.1,
    https://arxiv.org/abs/1706.02677

    Where the input has other channels than the output, the shortcut is a 1 x 1
    convolution. A block of your own is a subclass, registered with Keras:
    `examples/custom_block.py`.

    Args:
        filters: Channels of the output, even.

    Input shape:
        `(batch, height, width, channels)`

    Output shape:
        `(batch, height, width, filters)`

    Raises:
        ValueError: If `filters` is not a positive even number.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        if filters < 2 or filters % 2:
            raise ValueError(
                "`filters` must be a positive even number, for a bottleneck of half "
                f"of them. Received: filters={filters}"
            )
        self.filters = filters
        self.branch = self.branch_layers()
        self.shortcut = None
        apply_dtype_policy(self)

    def branch_layers(self) -> list:
        """The layers of the branch, in order; the last gives `filters` channels."""
        raise NotImplementedError

    def build(self, input_shape):
        if input_shape[-1] != self.filters:  # known only here
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
