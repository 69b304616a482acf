"""Muon for convolutions, whose kernels Keras's leaves to AdamW.

Jordan et al. Muon: An optimizer for hidden layers in neural networks, 2024.
https://kellerjordan.github.io/posts/muon/
"""

from math import prod

import keras
from keras import ops

HEADS = "_heatmaps"  # in the paths of the layers before and after the heatmaps
# Channels that a matrix has at least on both sides: not the images' three, nor the one
# of depthwise convolutions.
MIN_CHANNELS = 8


@keras.saving.register_keras_serializable("keras_hourglass")
class Muon(keras.optimizers.Muon):
    """Keras's Muon, for the kernels of convolutions.

    A kernel is a matrix, with a column for each of its outputs; the singular values of
    its steps are alike. They are scaled to the size of AdamW's steps: Liu et al. Muon
    is Scalable for LLM Training, 2025. https://arxiv.org/abs/2502.16982. Biases, norms,
    depthwise kernels, and the layers before and after heatmaps are updated by AdamW.

    Args:
        learning_rate: As in `keras.optimizers.AdamW`.
        weight_decay: Of all weights.
        kwargs: Other arguments of `keras.optimizers.Muon`.

    Example:

    ```python
    import keras_hourglass as kh
    from keras_hourglass.training.muon import Muon

    model = kh.StackedHourglass(stacks=1, filters=32, image_size=64)
    model.compile(Muon(1e-3), kh.HeatmapLoss())
    ```
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, **kwargs):
        options = {"adam_weight_decay": weight_decay, "exclude_layers": [HEADS]}
        super().__init__(
            learning_rate, weight_decay=weight_decay, **{**options, **kwargs}
        )

    def is_matrix(self, variable) -> bool:
        """Returns whether a variable is a kernel whose steps Muon makes."""
        return (
            len(variable.shape) == 4
            and min(variable.shape[2:]) >= MIN_CHANNELS
            and not any(name in variable.path for name in self.exclude_layers)
        )

    def _should_use_adamw(self, variable):
        is_stack = len(variable.shape) == 5  # of kernels, by a `FlatOptimizer`
        return not (is_stack or self.is_matrix(variable))

    def zeropower_via_newtonschulz5(self, x, steps):
        matrices = ops.reshape(x, (*x.shape[:-4], prod(x.shape[-4:-1]), x.shape[-1]))
        y = super().zeropower_via_newtonschulz5(matrices, steps)
        return ops.reshape(y, x.shape)

    def lr_adjust(self, x):
        longer = max(prod(x.shape[-4:-1]), x.shape[-1])
        return x * (self.rms_rate * longer**0.5)
