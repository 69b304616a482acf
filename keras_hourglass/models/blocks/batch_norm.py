"""Batch normalization that learns by one fused operation, where the backend has it.

Keras computes moments and then normalizes by a dozen operations, each of which passes
over all features, and by more of them to learn. TensorFlow and PyTorch have one
operation for all of that. Compilers (XLA, JAX, `torch.compile`) fuse the dozen by
themselves, so compiled steps keep Keras's. Results are the same but for rounding.
"""

import math

import keras
from keras import ops

FUSED_DTYPES = "float32", "float16", "bfloat16"  # that the operations compute in
# oneDNN, TensorFlow's library for CPUs, computes bfloat16 by vectors of as many
# channels. It takes three times as long for others: 72 of 144, say, in half of a block.
VECTOR_CHANNELS = 16


def batch_normalization(**kwargs) -> keras.layers.BatchNormalization:
    """Makes a norm with PyTorch's constants, which all published networks have.

    Every norm of the library comes from here.

    Args:
        kwargs: Other arguments of `keras.layers.BatchNormalization`.
    """
    return BatchNormalization(epsilon=1e-5, momentum=0.9, **kwargs)


@keras.saving.register_keras_serializable("keras_hourglass")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization`, with a fused training step.

    Weights, configuration and the name are Keras's: saved files address weights by the
    name of a layer's class.

    Norms that the operation cannot compute fall back to Keras's: those over the
    moments of several devices, over another axis than the last of four, without scale
    or center, with `renorm`, with a mask, or in 64 bits.
    """

    def call(self, inputs, training=None, mask=None):
        learns = training and self.trainable and mask is None
        if not (learns and self.can_be_fused() and not _is_compiling()):
            return super().call(inputs, training=training, mask=mask)
        inputs = ops.cast(inputs, self.compute_dtype)
        gamma, beta = (ops.cast(it, "float32") for it in (self.gamma, self.beta))
        operation = FUSED_OPERATIONS[keras.backend.backend()]
        outputs, mean, variance = operation(inputs, gamma, beta, self.epsilon)
        _update_average(self.moving_mean, mean, self.momentum)
        _update_average(self.moving_variance, variance, self.momentum)
        return outputs

    def can_be_fused(self) -> bool:
        """Returns whether the fused operation computes this norm, as it is set now."""
        return (
            keras.backend.backend() in FUSED_OPERATIONS
            and self.input_spec.ndim == 4
            and self.axis in (-1, 3)
            and self.scale
            and self.center
            and self.compute_dtype in FUSED_DTYPES
            and not (self.synchronized or self.renorm)
        )


def _is_compiling() -> bool:
    """Returns whether the current step is traced for a compiler.

    Compilers fuse Keras's operations themselves, and XLA computes negative variances
    from TensorFlow's operation.
    """
    if keras.backend.backend() == "torch":
        import torch

        return torch.compiler.is_compiling()
    import tensorflow as tf
    from tensorflow.python.ops import control_flow_util  # there is no public way

    graph = tf.compat.v1.get_default_graph()
    return control_flow_util.GraphOrParentsInXlaContext(graph)


def _update_average(average, value, momentum):
    # Computed in 32 bits, as in Keras, whatever the dtype of the average.
    moved = ops.cast(average, "float32") * momentum + value * (1 - momentum)
    average.assign(moved)


def _tensorflow_batch_norm(inputs, gamma, beta, epsilon):
    import tensorflow as tf

    dtype = inputs.dtype
    on_cpu = not tf.config.list_physical_devices("GPU")
    if dtype == tf.bfloat16 and on_cpu and inputs.shape[-1] % VECTOR_CHANNELS:
        inputs = tf.cast(inputs, tf.float32)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        exponential_avg_factor=1.0,
    )
    # Undoes Bessel's correction. With one value a channel, cuDNN gives NaN.
    count = ops.cast(math.prod(ops.shape(inputs)[:-1]), "float32")
    variance = tf.math.multiply_no_nan(variance, (count - 1) / count)
    return tf.cast(outputs, dtype), mean, variance


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
