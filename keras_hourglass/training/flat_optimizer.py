"""Optimizer over all weights as a vector, and the moving average of the weights.

TensorFlow alone gains from the vector. Measured on two cores, `photo` at 64 pixels,
batches of 8, AdamW with an average: the first step takes 6 s of processor time in
place of 24 (15 with `disable_meta_optimizer`), the others 120 ms in place of 150
(150).
"""

import keras
import numpy as np
from keras import ops

from keras_hourglass.training.distribution import single_device
from keras_hourglass.training.norm_statistics import (
    NormStatistics,
    norms_of,
    statistics_of,
)

# TensorFlow's graph optimizer takes quadratic time in the inputs of an operation: with
# the 1,466 weights of eight stacks, minutes.
MAX_CONCATENATED = 32


@keras.saving.register_keras_serializable("keras_hourglass")
class FlatOptimizer(keras.optimizers.Optimizer):
    """Updates all weights of a model as one vector, by another optimizer.

    Kernels that the optimizer updates as matrices (`Muon.is_matrix`) are stacks, one
    for each shape.

    Keras's optimizers add some seventy operations per weight to the graph of a step,
    and a stack has hundreds of weights: TensorFlow spends most of the time until the
    first step on them. The updates are the same, but for rounding.

    Args:
        optimizer: Updates vector and stacks. Clipping by norm, which it would do weight
            by weight, takes all weights together.

    Example:

    ```python
    optimizer = FlatOptimizer(keras.optimizers.AdamW(1e-3))
    model.compile(optimizer, kh.HeatmapLoss())
    ```
    """

    def __init__(self, optimizer, name=None):
        super().__init__(learning_rate=0.0, name=name)
        self.optimizer = optimizer

    def build(self, variables):
        """Makes vector and stacks, and the optimizer's variables for them."""
        if self.built:
            return
        self.shapes = [tuple(variable.shape) for variable in variables]
        is_matrix = getattr(self.optimizer, "is_matrix", lambda variable: False)
        self.groups = {None: []}  # shape of kernels, or None -> places of the weights
        for place, variable in enumerate(variables):
            key = self.shapes[place] if is_matrix(variable) else None
            self.groups.setdefault(key, []).append(place)
        self.tensors = [
            self.add_variable(
                (len(places), *kernel)
                if kernel
                else (int(sum(np.prod(self.shapes[place]) for place in places)),),
                name="kernels" if kernel else "vector",
            )
            for kernel, places in self.groups.items()
        ]
        self.optimizer.build(self.tensors)
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        """Updates the weights. A missing gradient counts as 0."""
        variables = trainable_variables or self._trainable_variables
        self.build(variables)
        grads = [
            ops.zeros_like(variable) if grad is None else grad
            for grad, variable in zip(grads, variables)
        ]
        _assign(self.tensors, self.flatten(variables))
        self.optimizer.apply(self.flatten(grads), self.tensors)
        values = [
            variable.constraint(value) if variable.constraint else value
            for variable, value in zip(variables, self.unflatten(self.tensors))
        ]
        _assign(variables, values)

    def flatten(self, values) -> list:
        """Joins values of the weights' shapes into a vector, and into stacks."""
        return [
            _concatenate(
                [
                    ops.reshape(values[place], (1, *kernel) if kernel else (-1,))
                    for place in places
                ]
            )
            for kernel, places in self.groups.items()
        ]

    def unflatten(self, tensors) -> list:
        """Splits vector and stacks into values of the weights. Undoes `flatten`."""
        values = [None] * len(self.shapes)
        for (kernel, places), tensor in zip(self.groups.items(), tensors):
            sizes = [1 if kernel else np.prod(self.shapes[place]) for place in places]
            ends = np.cumsum(sizes)[:-1].astype(int).tolist()
            # TensorFlow cannot split at no place at all.
            parts = ops.split(tensor, ends) if ends else [tensor]
            for place, part in zip(places, parts):
                values[place] = ops.reshape(part, self.shapes[place])
        return values

    def scale_loss(self, loss):
        """Scales the loss as the optimizer does."""
        return self.optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list):
        """Assigns the moving averages to the weights, if the optimizer keeps any."""
        if averages := moving_averages(self.optimizer):
            _assign(var_list, self.unflatten(averages))

    @property
    def variables(self):
        """The optimizer's variables; vector and stacks are temporary."""
        return self.optimizer.variables

    @property
    def iterations(self):
        return self.optimizer.iterations

    @property
    def learning_rate(self):
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.optimizer.learning_rate = learning_rate

    def save_own_variables(self, store):
        """Saves nothing: Keras saves `optimizer` as a child."""

    def load_own_variables(self, store):
        """Loads nothing; see `save_own_variables`.

        Raises:
            ValueError: If the state was saved weight by weight, by another optimizer.
        """
        if len(store.keys()):
            raise ValueError(
                "The optimizer's state was saved weight by weight, by another version "
                "or backend, and cannot be loaded into one vector"
            )

    def get_config(self):
        optimizer = keras.saving.serialize_keras_object(self.optimizer)
        return {"name": self.name, "optimizer": optimizer}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        optimizer = keras.saving.deserialize_keras_object(
            config["optimizer"], custom_objects=custom_objects
        )
        return cls(optimizer, config["name"])


def moving_averages(optimizer) -> list:
    """Returns the moving averages of an optimizer; an empty list without any."""
    if optimizer.use_ema and optimizer.built:
        return optimizer._model_variables_moving_average  # Keras has no public name
    return []


def _concatenate(parts):
    """Concatenates tensors, some at a time."""
    while len(parts) > 1:
        starts = range(0, len(parts), MAX_CONCATENATED)
        parts = [ops.concatenate(parts[i : i + MAX_CONCATENATED]) for i in starts]
    return parts[0]


def _assign(variables, values):
    """Assigns values to variables, on all devices of a `tf.distribute` strategy."""
    if keras.backend.backend() != "tensorflow":
        for variable, value in zip(variables, values):
            variable.assign(value)
        return
    import tensorflow as tf

    def update(strategy, values):
        for variable, value in zip(variables, values):
            strategy.extended.update(
                variable.value, lambda to, it: to.assign(it), (value,), group=False
            )

    tf.__internal__.distribute.interim.maybe_merge_call(
        update, tf.distribute.get_strategy(), values
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
            with single_device():
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
