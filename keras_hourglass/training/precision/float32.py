"""The parts of training in 16 bits that compute in 32: the stem, and validation."""

import keras

from keras_hourglass.models.trunk.layer_utils import sublayers

STEM = "normalize", "stem_"  # beginnings of the names of its layers


def keep_stem_precise(model):
    """Makes the stem of a network compute in float32. Before `compile`.

    What it rounds is lost to all stacks. Its kernels may respond to constant inputs
    hundreds of times as strongly as to their changes, which 16 bits do not resolve
    (docs/model-card.md).

    Args:
        model: A `StackedHourglass` or `PersonDetector`.
    """
    for layer in model.layers:
        if layer.name.startswith(STEM):
            for each in _in_16_bits(layer):
                each.dtype_policy = "float32"


class ValidateInFloat32(keras.callbacks.Callback):
    """Validates a network in float32, in which it is used, whatever it trains in.

    The test function is compiled during the first validation and the train function
    during the first step, so that each keeps its precision.
    """

    def __init__(self):
        super().__init__()
        self._policies = []

    def on_test_begin(self, logs=None):
        layers = _in_16_bits(self.model)
        self._policies = [(layer, layer.dtype_policy) for layer in layers]
        for layer in layers:
            layer.dtype_policy = "float32"

    def on_test_end(self, logs=None):
        for layer, policy in self._policies:
            layer.dtype_policy = policy


def _in_16_bits(layer) -> list:
    """Lists a layer and those inside it, as far as they compute in 16 bits."""
    layers = layer, *sublayers(layer)
    return [each for each in layers if each.compute_dtype in ("bfloat16", "float16")]
