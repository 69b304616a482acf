"""The precision in which the layers of a network compute: Keras's dtype policies."""

from contextlib import contextmanager

import keras

from keras_hourglass.models.trunk.layer_utils import sublayers


@contextmanager
def precision_scope(precision: str):
    """Makes new layers compute in another precision while it lasts."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_float32(model):
    """Returns a network that computes in 32 bits, with the weights of another.

    Args:
        model: An `HourglassModel`; one that computes in 32 bits is returned.
    """
    if all(layer.compute_dtype == "float32" for layer in sublayers(model)):
        return model
    with precision_scope("float32"):
        copy = model.copy()
    for layer in sublayers(copy):  # those of a fused network have policies of their own
        if layer.variable_dtype == "float32":
            layer.dtype_policy = "float32"
    return copy
