"""The moving average of the weights, which an optimizer keeps."""

import keras
import numpy as np

from keras_hourglass.models.trunk.precision import precision_scope
from keras_hourglass.training.distribution import single_device
from keras_hourglass.training.norm_statistics import (
    NormStatistics,
    norms_of,
    statistics_of,
)
from keras_hourglass.training.optimizers.flat_optimizer import (
    FlatOptimizer,
    moving_averages,
)


class EMAWeights(keras.callbacks.Callback):
    """Validates with the moving average of the weights, which the optimizer keeps.

    Exact to the last bit, where Keras's `SwapEMAWeights` swaps by sums, which round.
    Without an average (`use_ema=False`), weights stay as they are.

    Args:
        norm_statistics: Computes the statistics of norms with the averages, once for
            each epoch that is validated; by default, the moving ones stay.

    Attributes:
        swapped: If the model holds the averages.
    """

    def __init__(self, norm_statistics: NormStatistics | None = None):
        super().__init__()
        self.norm_statistics = norm_statistics
        self.swapped, self._copy, self._epoch = False, None, 0
        # Statistics of the averaged network of this epoch, and the moving ones.
        self._statistics, self._moving = None, None

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._statistics = epoch, None

    def on_test_begin(self, logs=None):
        if self.norm_statistics and self._statistics is None and self._averages():
            is_trained = [norm.trainable for norm in norms_of(self.model)]
            arguments = self.network(), self._epoch, is_trained
            self._statistics = self.norm_statistics.compute(*arguments)
        self.swap()

    def on_test_end(self, logs=None):
        self.swap()

    def network(self):
        """Returns a copy of the network with the averaged weights.

        The copy is on one device of this process: other processes need not take part.
        """
        if self._copy is None:
            with single_device(), precision_scope("float32"):
                self._copy = type(self.model).from_config(self.model.get_config())
        weights = self.model.trainable_weights
        averages = [] if self.swapped else self._averages()
        averages = {id(weight): each for weight, each in zip(weights, averages)}
        statistics = zip(statistics_of(self.model), self._statistics or ())
        averages |= {id(variable): each for variable, each in statistics}
        values = [averages.get(id(w), w) for w in self.model.weights]
        self._copy.set_weights([*map(keras.ops.convert_to_numpy, values)])
        return self._copy

    def swap(self):
        """Exchanges weights and averages, if the optimizer keeps any."""
        averages = self._averages()
        if not averages:
            return
        weights = self.model.trainable_weights
        values = [np.copy(keras.ops.convert_to_numpy(weight)) for weight in weights]
        for weight, average in zip(weights, averages):
            weight.assign(average)
        optimizer, flat = self._optimizers()
        if flat is not None:
            values = flat.flatten(values)
        for average, value in zip(moving_averages(optimizer), values):
            average.assign(value)
        if self._statistics is not None:
            variables = statistics_of(self.model)
            if not self.swapped:
                moving = map(keras.ops.convert_to_numpy, variables)
                self._moving = [*map(np.copy, moving)]
            new = self._moving if self.swapped else self._statistics
            for variable, value in zip(variables, new):
                variable.assign(value)
        self.swapped = not self.swapped

    def _averages(self):
        """Returns the average of each weight, in NumPy."""
        optimizer, flat = self._optimizers()
        averages = moving_averages(optimizer)
        values = [np.copy(keras.ops.convert_to_numpy(each)) for each in averages]
        if flat is None or not values:
            return values
        return [*map(keras.ops.convert_to_numpy, flat.unflatten(values))]

    def _optimizers(self):
        """Returns the optimizer with the averages, and its `FlatOptimizer` or None."""
        # In float16 Keras wraps the optimizer in one that scales the loss.
        optimizer = getattr(self.model.optimizer, "inner_optimizer", None)
        optimizer = optimizer or self.model.optimizer
        if isinstance(optimizer, FlatOptimizer):
            return optimizer.optimizer, optimizer
        return optimizer, None
