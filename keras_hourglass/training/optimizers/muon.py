"""Muon for convolutions, whose kernels Keras's leaves to AdamW.

Jordan et al. Muon: An optimizer for hidden layers in neural networks, 2024.
https://kellerjordan.github.io/posts/muon/
"""

import re
from math import prod

import keras
from keras import ops

HEADS = "_heatmaps"  # in the paths of the layers before and after the heatmaps
# Of a matrix, on both sides: images have three, kernels of depthwise convolutions one.
MIN_CHANNELS = 8


@keras.saving.register_keras_serializable("keras_hourglass")
class Muon(keras.optimizers.Muon):
    """Keras's Muon, for the kernels of convolutions.

    A kernel is a matrix, with a column for each of its outputs; the singular values of
    its steps are alike. They are scaled to the size of AdamW's steps: Liu et al. Muon
    is Scalable for LLM Training, 2025. https://arxiv.org/abs/2502.16982. Biases, norms,
    kernels with fewer than eight channels on a side, as depthwise ones, and the
    convolutions to heatmaps and back are updated by AdamW.

    Args:
        learning_rate: As in `keras.optimizers.AdamW`.
        weight_decay: Of all weights.
        exclude_layers: Expressions; AdamW updates weights whose paths they match.
        kwargs: Other arguments of `keras.optimizers.Muon`.

    Example:

    ```python
    import keras_hourglass as kh
    from keras_hourglass.training.optimizers.muon import Muon

    model = kh.StackedHourglass(stacks=1, filters=32, image_size=64)
    model.compile(Muon(1e-3), kh.HeatmapLoss())
    ```
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, **kwargs):
        kwargs.setdefault("adam_weight_decay", weight_decay)
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)

    def is_matrix(self, variable) -> bool:
        """Returns whether a variable is a kernel whose steps Muon makes."""
        if len(variable.shape) != 4 or min(variable.shape[2:]) < MIN_CHANNELS:
            return False
        excluded = HEADS, *self.exclude_layers
        return not any(re.search(pattern, variable.path) for pattern in excluded)

    def _should_use_adamw(self, variable):
        is_stack = len(variable.shape) == 5  # of kernels, by a `FlatOptimizer`
        return not (is_stack or self.is_matrix(variable))

    def zeropower_via_newtonschulz5(self, x, steps):
        matrices = ops.reshape(x, (*x.shape[:-4], prod(x.shape[-4:-1]), x.shape[-1]))
        y = super().zeropower_via_newtonschulz5(matrices, steps)
        return ops.reshape(y, x.shape)

    def lr_adjust(self, x):
        if self.rms_rate is None:
            return x
        longer = max(prod(x.shape[-4:-1]), x.shape[-1])
        return x * (self.rms_rate * longer**0.5)
