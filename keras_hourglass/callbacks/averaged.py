"""The moving average of the weights, in the model while it is validated."""

import keras
import numpy as np

from keras_hourglass import joined as joining
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
        weights = self.model.trainable_weights
        averages = [] if self.swapped else self._averages()
        averages = {id(weight): each for weight, each in zip(weights, averages)}
        values = [averages.get(id(w), w) for w in self.model.weights]
        self._plain.set_weights([*map(keras.ops.convert_to_numpy, values)])
        return self._plain

    def swap(self):
        """Exchanges weights and averages, if the optimizer keeps any."""
        averages = self._averages()
        if not averages:
            return
        weights = self.model.trainable_weights
        kept = [np.copy(keras.ops.convert_to_numpy(weight)) for weight in weights]
        for weight, average in zip(weights, averages):
            weight.assign(average)
        optimizer, joined = self._optimizer()
        if joined is not None:
            kept = [joined.join(kept)]
        for average, value in zip(joining.averages(optimizer), kept):
            average.assign(value)
        self.swapped = not self.swapped

    def _averages(self):
        """The average of each weight, if the optimizer keeps any."""
        optimizer, joined = self._optimizer()
        averages = joining.averages(optimizer)
        values = [np.copy(keras.ops.convert_to_numpy(each)) for each in averages]
        if joined is None or not values:
            return values
        return [*map(keras.ops.convert_to_numpy, joined.split(values[0]))]

    def _optimizer(self):
        """What keeps averages, and what has joined the weights for it, or None."""
        # In float16 Keras wraps the optimizer in one that scales the loss.
        optimizer = getattr(self.model.optimizer, "inner_optimizer", None)
        optimizer = optimizer or self.model.optimizer
        if isinstance(optimizer, joining.Joined):
            return optimizer.optimizer, optimizer
        return optimizer, None
