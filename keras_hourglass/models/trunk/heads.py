"""Layers at both ends of the network: normalization of pixels, stacking of heatmaps."""

import keras
import numpy as np
from keras import ops

# Mean of red, green and blue over MPII's crops, from 0 to 1, as in all published code.
MEAN_RGB = (0.4404, 0.4440, 0.4327)


@keras.saving.register_keras_serializable("keras_hourglass")
class NormalizePixels(keras.layers.Layer):
    """Scales RGB from 0 to 255 to 0 to 1 and subtracts the mean, as in published code.

    Input shape:
        `(batch, height, width, 3)`, uint8 or float.

    Output shape:
        The same, in the compute dtype.
    """

    def call(self, x):
        # One mean for each value of a row: operations with three values at a time are
        # several times slower on CPUs.
        mean = np.tile(MEAN_RGB, (x.shape[2], 1))
        mean = ops.convert_to_tensor(mean, dtype=self.compute_dtype)
        return ops.cast(x, self.compute_dtype) / 255 - mean

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("keras_hourglass")
class StackHeatmaps(keras.layers.Layer):
    """Stacks the heatmaps of all hourglasses on an axis of their own.

    Computes in float32, always: losses and decoding lose too much in 16 bits.

    Input shape:
        A list of `(batch, height, width, joints)`.

    Output shape:
        `(batch, stacks, height, width, joints)`
    """

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def call(self, heatmaps):
        return ops.stack(heatmaps, axis=1)

    def compute_output_shape(self, input_shape):
        batch, *rest = input_shape[0]
        return (batch, len(input_shape), *rest)
