"""The moving average of the weights, in the model while it is looked at."""

from contextlib import contextmanager

import keras
import numpy as np


class AveragedWeights(keras.callbacks.Callback):
    """Validates the moving average of the weights, which the optimizer keeps.

    Swapped to the last bit: Keras's `SwapEMAWeights` swaps by sums, which round.
    """

    def __init__(self):
        super().__init__()
        self.swapped = False

    def on_test_begin(self, logs=None):
        self.swap()

    def on_test_end(self, logs=None):
        self.swap()

    @contextmanager
    def in_model(self):
        """While it lasts, the model has its averaged weights."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def swap(self):
        """Exchanges weights and averages, if the optimizer keeps any."""
        optimizer = self.model.optimizer
        # In float16 Keras wraps it in one that scales the loss and keeps no average.
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not optimizer.use_ema or not optimizer.built:
            return
        averages = optimizer._model_variables_moving_average  # no public way
        for weight, average in zip(self.model.trainable_weights, averages):
            kept = np.copy(keras.ops.convert_to_numpy(weight))
            weight.assign(average)
            average.assign(kept)
        self.swapped = not self.swapped
