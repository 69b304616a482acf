"""Batch norms that learn by one operation, where TensorFlow has it."""

import math
from functools import partial

import keras
from keras import ops
from keras.layers import BatchNormalization

from keras_hourglass.layers.inside import sublayers

TYPES = "float32", "float16", "bfloat16"  # that the operation computes in


def quicken(model):
    """Lets a model's batch norms learn by TensorFlow's `FusedBatchNormV3`.

    Keras computes moments and then normalizes by a dozen operations, which each go over
    all features once, and by more to learn: half of a training step. On JAX its
    compiler joins them. What comes out is the same, but for rounding.

    Norms that the operation cannot do stay as they are: those over several devices'
    moments, over another axis than the last, in 64 bits, or of another class.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in sublayers(model):
        if type(layer) is BatchNormalization and _fits(layer):
            if not isinstance(layer.call, partial):  # else it is done
                layer.call = partial(_call, layer, layer.call)


def _fits(layer) -> bool:
    """Whether TensorFlow's operation computes what a layer does."""
    return (
        layer.built
        and layer.input_spec.axes.keys() <= {-1, 3}
        and layer.input_spec.ndim == 4
        and layer.scale
        and layer.center
        and layer.compute_dtype in TYPES
        and not (layer.synchronized or layer.renorm)
    )


def _call(layer, plainly, inputs, training=None, mask=None):
    """In place of a layer's `call`, which is `plainly`."""
    if not training or not layer.trainable or mask is not None:
        return plainly(inputs, training=training, mask=mask)
    import tensorflow as tf

    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=ops.cast(layer.gamma, "float32"),
        offset=ops.cast(layer.beta, "float32"),
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=layer.epsilon,
        exponential_avg_factor=1.0,
    )
    # As an estimate of all features' variance, TensorFlow divides by one less.
    count = ops.cast(math.prod(ops.shape(inputs)[:-1]), "float32")
    _move(layer.moving_mean, mean, layer.momentum)
    _move(layer.moving_variance, variance * (count - 1) / count, layer.momentum)
    return outputs


def _move(average, value, momentum):
    value = ops.cast(value, average.dtype)
    average.assign(average * momentum + value * (1 - momentum))
