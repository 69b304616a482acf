"""Centered features: biases that norms cancel are not trained, but keep means at 0.

Every feature passes through a batch norm before it is used, but for the heatmaps: a
constant added to a channel changes no prediction. Such biases have no gradient but
rounding noise, which Adam scales up to the size of any other; and kernels may respond
to constant inputs by any amount. In 16 bits, means of hundreds of standard deviations
leave no digits for the features: means grew tenfold in a thousand steps, until moving
averages of the weights predicted nothing (docs/model-card.md).
"""

import math

import keras
import numpy as np
from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.blocks import BLOCKS, Bottleneck
from keras_hourglass.models.blocks.separable import DepthwiseSeparable
from keras_hourglass.models.trunk.layer_utils import sublayers
from keras_hourglass.training.runs.checkpoint import sync_jax_state

INTERVAL = 400  # steps
# Steps that the moving statistics of norms need to follow, before a validation.
SETTLING_STEPS = 60
HEADS = "_heatmaps"  # end of the names of layers whose biases norms do not cancel


def freeze_cancelled_biases(model):
    """Leaves the biases of convolutions untrained that a batch norm cancels.

    Before `compile`. A model with frozen layers stays as it is: their norms use their
    moving statistics, which cancel nothing. So does one of other blocks than `BLOCKS`,
    whose convolutions may have no norm behind them.

    Args:
        model: A `StackedHourglass` or `PersonDetector`.
    """
    for convolution in _cancelled(model):
        convolution.bias.trainable = False


class CenterFeatures(keras.callbacks.Callback):
    """Sets the biases of blocks so that what they add to features has a mean of 0.

    By the weights alone: the input of a branch's last convolution is the ReLU of a
    norm, of whose outputs mean and deviation are known, and that of a shortcut is the
    input of a norm that keeps its mean. What a bias was before has no part in it, so
    that a checkpoint may be of before or after. Each `INTERVAL` steps, in short epochs
    at the start of one, and else not shortly before a validation, since the statistics
    of later norms must follow.

    Args:
        steps: Steps of an epoch.
        first_step: Step of the first epoch to begin with, for a run that goes on.
    """

    def __init__(self, steps: int, first_step: int = 0):
        super().__init__()
        self.steps, self.first_step = steps, first_step
        self.epoch, self.begun = 0, False

    def on_epoch_begin(self, epoch, logs=None):
        self.first_step = 0 if self.begun else self.first_step
        self.epoch, self.begun = epoch, True

    def on_train_batch_begin(self, batch, logs=None):
        if self._is_due(self.first_step + batch):
            sync_jax_state(self.model)
            center_features(self.model)

    def _is_due(self, step):
        if step:
            return step % INTERVAL == 0 and self.steps - step >= SETTLING_STEPS
        total = self.epoch * self.steps  # not at the first: loaded norms would not fit
        return total > 0 and total // INTERVAL > (total - self.steps) // INTERVAL


def center_features(model):
    """Sets the biases of blocks so that what they add to features has a mean of 0.

    Of a block with a shortcut, that is its output; of others, their branch. The norms'
    moving statistics stay as they are: they follow in training.

    Args:
        model: As in `freeze_cancelled_biases`.
    """
    if not _cancelled(model):
        return
    for block in sublayers(model):
        if isinstance(block, Bottleneck):
            _center_block(block)
    for layer in model.layers:  # which add features of a stack to those of the next
        stack = layer.name.removesuffix("_features_back")
        if stack != layer.name:
            mean = _mean_of_relu(model.get_layer(f"{stack}_norm"))
            layer.bias.assign(-_constant_response(layer, mean))


def _center_block(block: Bottleneck):
    """Sets the last bias of a block of `BLOCKS`; of Ghost modules, none."""
    if len(block.branch) < 3:  # Ghost modules end in norms
        return
    first, (norm, _, last) = block.branch[0], block.branch[-3:]
    response = _mean_of_relu(norm)
    if isinstance(last, DepthwiseSeparable):
        bias = keras.ops.convert_to_numpy(last.depthwise.bias)
        response = _constant_response(last.depthwise, response) + bias
        last = last.pointwise
    response = _constant_response(last, response)
    if block.shortcut is not None:
        mean = keras.ops.convert_to_numpy(first.moving_mean)
        bias = keras.ops.convert_to_numpy(block.shortcut.bias)
        response += _constant_response(block.shortcut, mean) + bias
    last.bias.assign(-response)


def _cancelled(model) -> list:
    """Lists the convolutions whose biases norms cancel; maybe none."""
    layers = sublayers(model)
    blocks = {type(layer) for layer in layers if isinstance(layer, Bottleneck)}
    frozen = not all(layer.trainable for layer in [model, *layers])
    if frozen or not blocks <= {*BLOCKS.values()}:
        return []
    return [
        layer
        for layer in layers
        if isinstance(layer, Conv2D | DepthwiseConv2D)
        and layer.bias is not None
        and not layer.name.endswith(HEADS)
    ]


def _mean_of_relu(norm) -> np.ndarray:
    """Computes the mean of each channel of ReLU(norm), whose inputs are normal."""
    gamma, beta = map(keras.ops.convert_to_numpy, (norm.gamma, norm.beta))
    deviation = np.maximum(np.abs(gamma), 1e-6)
    ratio = beta / deviation
    density = np.exp(-0.5 * ratio**2) / math.sqrt(2 * math.pi)
    below = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in ratio.tolist()])
    return deviation * density + beta * below


def _constant_response(layer, values: np.ndarray) -> np.ndarray:
    """Computes a convolution without bias of a constant input, away from edges."""
    kernel = keras.ops.convert_to_numpy(layer.kernel).sum(axis=(0, 1))
    if isinstance(layer, DepthwiseConv2D):
        return (values[:, None] * kernel).reshape(-1)
    return values @ kernel
