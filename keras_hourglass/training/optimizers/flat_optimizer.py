"""Optimizer over all weights as one vector, and as stacks of kernels.

TensorFlow alone gains from the vector. Measured on two cores, `photo` at 64 pixels,
batches of 8, AdamW with an average: the first step takes 6 s of processor time in
place of 24 (15 with `disable_meta_optimizer`), the others 120 ms in place of 150
(150).
"""

import keras
import numpy as np
from keras import ops

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
    first step on them. The updates are the same, but for rounding, of optimizers that
    update each number by itself, and of `Muon`.

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
        self.groups = {}  # shape of kernels, None for others -> places of the weights
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
