"""Two small layers at the network's ends: pixels in, heatmaps out."""

import keras
from keras import ops

# Mean of red, green and blue over MPII's people, in 0 to 1, as all ports subtract it.
MEAN_RGB = (0.4404, 0.4440, 0.4327)


@keras.saving.register_keras_serializable("keras_hourglass")
class NormalizePixels(keras.layers.Layer):
    """RGB from 0 to 255 becomes 0 to 1, less its mean. Never divided by deviations."""

    def call(self, x):
        mean = ops.convert_to_tensor(MEAN_RGB, dtype=self.compute_dtype)
        return ops.cast(x, self.compute_dtype) / 255 - mean

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("keras_hourglass")
class StackHeatmaps(keras.layers.Layer):
    """Puts all stacks' heatmaps on one axis, `(batch, stacks, height, width, joints)`.

    Always in float32: losses and decoding lose too much in 16 bits.
    """

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def call(self, heatmaps):
        return ops.stack(heatmaps, axis=1)

    def compute_output_shape(self, input_shape):
        batch, *rest = input_shape[0]
        return (batch, len(input_shape), *rest)
