"""The moving average of the weights, in the model while it is validated."""

import keras
import numpy as np

from keras_hourglass.callbacks.alone import alone


class AveragedWeights(keras.callbacks.Callback):
    """Validates the moving average of the weights, which the optimizer keeps.

    Swapped to the last bit: Keras's `SwapEMAWeights` swaps by sums, which round.
    """

    def __init__(self):
        super().__init__()
        self.swapped, self._plain = False, None

    def on_test_begin(self, logs=None):
        self.swap()

    def on_test_end(self, logs=None):
        self.swap()

    def network(self):
        """A network with the averaged weights, to save or to look through.

        It is a copy of this process alone, on one device: others that train with it
        need not take part.
        """
        if self._plain is None:
            with alone():
                self._plain = type(self.model).from_config(self.model.get_config())
        averages = {id(weight): average for weight, average in self._pairs()}
        if self.swapped:
            averages = {}
        values = [averages.get(id(w), w) for w in self.model.weights]
        self._plain.set_weights([*map(keras.ops.convert_to_numpy, values)])
        return self._plain

    def swap(self):
        """Exchanges weights and averages, if the optimizer keeps any."""
        pairs = self._pairs()
        for weight, average in pairs:
            kept = np.copy(keras.ops.convert_to_numpy(weight))
            weight.assign(average)
            average.assign(kept)
        if pairs:
            self.swapped = not self.swapped

    def _pairs(self):
        """(weight, average) of all that the optimizer keeps."""
        optimizer = self.model.optimizer
        # In float16 Keras wraps it in one that scales the loss and keeps no average.
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not optimizer.use_ema or not optimizer.built:
            return []
        averages = optimizer._model_variables_moving_average  # no public way
        return [*zip(self.model.trainable_weights, averages)]
