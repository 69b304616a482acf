"""All weights of a network as one vector, for an optimizer.

The moving average of the weights, in the model while it is validated.
"""

import keras
import numpy as np
from keras import ops

from keras_hourglass.training.distribution import single_device

# TensorFlow's optimizer of graphs looks at all inputs of an operation once for each: of
# the 1,466 weights of eight stacks that takes minutes.
MAX_CONCATENATED = 32


@keras.saving.register_keras_serializable("keras_hourglass")
class FlatOptimizer(keras.optimizers.Optimizer):
    """Lets another optimizer update all weights of a network as one vector.

    Keras's optimizers put some seventy operations for each weight into the graph of a
    step, and a stack has hundreds: on TensorFlow most of the time until the first step
    is done goes there. The weights come out the same, but for rounding.

    Args:
        optimizer: What updates the vector. What it does weight by weight, clipping
            them by their norm, say, it does to all as one.
    """

    def __init__(self, optimizer, name=None):
        super().__init__(learning_rate=0.0, name=name)
        self.optimizer = optimizer

    def build(self, variables):
        """Makes the vector, and what the optimizer keeps of it."""
        if self.built:
            return
        self.shapes = [tuple(variable.shape) for variable in variables]
        size = sum(map(np.prod, self.shapes))
        self.vector = self.add_variable((int(size),), name="vector")
        self.optimizer.build([self.vector])
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        """Updates the weights; those without a gradient, as if it were 0."""
        variables = trainable_variables or self._trainable_variables
        self.build(variables)
        grads = [
            ops.zeros_like(variable) if grad is None else grad
            for grad, variable in zip(grads, variables)
        ]
        _assign([self.vector], [self.join(variables)])
        self.optimizer.apply([self.join(grads)], [self.vector])
        values = [
            variable.constraint(value) if variable.constraint else value
            for variable, value in zip(variables, self.split(self.vector))
        ]
        _assign(variables, values)

    def join(self, values):
        """Weights, or something of their shapes, as one vector."""
        parts = [ops.reshape(value, (-1,)) for value in values]
        while len(parts) > 1:
            firsts = range(0, len(parts), MAX_CONCATENATED)
            parts = [ops.concatenate(parts[i : i + MAX_CONCATENATED]) for i in firsts]
        return parts[0]

    def split(self, vector) -> list:
        """A vector as what `join` made it of."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        parts = ops.split(vector, ends[:-1].tolist())
        return [ops.reshape(*each) for each in zip(parts, self.shapes)]

    def scale_loss(self, loss):
        """What the optimizer wants to see the gradients of."""
        return self.optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list):
        """Puts the averages in the weights, if the optimizer keeps any."""
        for average in moving_averages(self.optimizer):
            _assign(var_list, self.split(average))

    @property
    def variables(self):
        """The optimizer's: the vector is written anew at every step."""
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
        """Nothing: Keras saves `optimizer` besides."""

    def load_own_variables(self, store):
        """Nothing; see `save_own_variables`.

        Raises:
            ValueError: If something was saved: by the optimizer alone, of each weight.
        """
        if len(store.keys()):
            raise ValueError(
                "The optimizer's state was saved weight by weight, as before weights "
                "were joined: nothing can go on with it. Begin anew, from its weights "
                "if need be (`--from`)"
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
    """The variables in which an optimizer keeps moving averages, if it does."""
    if optimizer.use_ema and optimizer.built:
        return optimizer._model_variables_moving_average  # no public way
    return []


def _assign(variables, values):
    """Also on each of TensorFlow's devices, from within a step of one of them."""
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
            with single_device():
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
        for average, value in zip(moving_averages(optimizer), kept):
            average.assign(value)
        self.swapped = not self.swapped

    def _averages(self):
        """The average of each weight, if the optimizer keeps any."""
        optimizer, joined = self._optimizer()
        averages = moving_averages(optimizer)
        values = [np.copy(keras.ops.convert_to_numpy(each)) for each in averages]
        if joined is None or not values:
            return values
        return [*map(keras.ops.convert_to_numpy, joined.split(values[0]))]

    def _optimizer(self):
        """What keeps averages, and what has joined the weights for it, or None."""
        # In float16 Keras wraps the optimizer in one that scales the loss.
        optimizer = getattr(self.model.optimizer, "inner_optimizer", None)
        optimizer = optimizer or self.model.optimizer
        if isinstance(optimizer, FlatOptimizer):
            return optimizer.optimizer, optimizer
        return optimizer, None
