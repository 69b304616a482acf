"""Batch norms that learn by one operation, where the backend has it."""

import math
from functools import partial

import keras
from keras import ops
from keras.layers import BatchNormalization

from keras_hourglass.models.layer_utils import sublayers

FUSED_DTYPES = "float32", "float16", "bfloat16"  # that the operations compute in


def use_fused_training(model):
    """Lets a model's batch norms learn by one operation of TensorFlow or PyTorch.

    Keras computes moments and then normalizes by a dozen operations, which each go over
    all features once, and by more to learn. What comes out is the same, but for
    rounding. Compilers (XLA, JAX, `torch.compile`) join the dozen by themselves: a
    model that is compiled by one should be left alone.

    Norms that the operation cannot do stay as they are: those over several devices'
    moments, over another axis than the last of four, without scale or center, with
    `renorm`, in 64 bits, or of another class.
    """
    if keras.backend.backend() not in FUSED_OPERATIONS:
        return
    for layer in sublayers(model):
        if type(layer) is BatchNormalization and "call" not in vars(layer):
            layer.call = partial(_fused_call, layer, layer.call)


def can_be_fused(layer: BatchNormalization) -> bool:
    """Whether the operation computes what a layer does, as it is set now."""
    return (
        layer.input_spec.ndim == 4
        and layer.axis in (-1, 3)
        and layer.scale
        and layer.center
        and layer.compute_dtype in FUSED_DTYPES
        and not (layer.synchronized or layer.renorm)
    )


def _fused_call(layer, plainly, inputs, training=None, mask=None):
    """In place of a layer's `call`, which is `plainly`."""
    if not (training and layer.trainable and mask is None and can_be_fused(layer)):
        return plainly(inputs, training=training, mask=mask)
    inputs = ops.cast(inputs, layer.compute_dtype)
    gamma, beta = (ops.cast(it, "float32") for it in (layer.gamma, layer.beta))
    operation = FUSED_OPERATIONS[keras.backend.backend()]
    outputs, mean, variance = operation(inputs, gamma, beta, layer.epsilon)
    _update_average(layer.moving_mean, mean, layer.momentum)
    _update_average(layer.moving_variance, variance, layer.momentum)
    return outputs


def _update_average(average, value, momentum):
    # In 32 bits, as Keras has it, whatever the average is kept in.
    moved = ops.cast(average, "float32") * momentum + value * (1 - momentum)
    average.assign(moved)


def _tensorflow_batch_norm(inputs, gamma, beta, epsilon):
    import tensorflow as tf

    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        exponential_avg_factor=1.0,
    )
    # Bessel's correction is undone. Of one value a channel cuDNN gives no number.
    count = ops.cast(math.prod(ops.shape(inputs)[:-1]), "float32")
    return outputs, mean, tf.math.multiply_no_nan(variance, (count - 1) / count)


def _torch_batch_norm(inputs, gamma, beta, epsilon):
    import torch

    outputs, mean, inverse = torch.native_batch_norm(
        inputs.permute(0, 3, 1, 2),
        gamma,
        beta,
        running_mean=None,
        running_var=None,
        training=True,
        momentum=0.0,
        eps=epsilon,
    )
    return outputs.permute(0, 2, 3, 1), mean, inverse**-2 - epsilon


FUSED_OPERATIONS = {"tensorflow": _tensorflow_batch_norm, "torch": _torch_batch_norm}
