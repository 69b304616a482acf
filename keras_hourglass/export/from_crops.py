"""What every file for devices computes: from crops to joints in their pixels."""

import keras
import numpy as np
import tensorflow as tf

from keras_hourglass.fuse import fuse
from keras_hourglass.geometry import Crop
from keras_hourglass.heatmaps import decode

CROPS, HEATMAPS = "crops", "heatmaps"  # names in every file


class FromCrops:
    """A network and what follows it, as graphs without variables.

    Args:
        model: A `StackedHourglass`.

    Attributes:
        model: The same.
    """

    def __init__(self, model):
        fused = fuse(model)
        last = fused.get_layer(f"stack_{model.stacks}_heatmaps").output
        self.model, self._network = model, keras.Model(fused.input, last)

    def heatmaps(self, batch: int | None = None):
        """The network: from `crops` `(batch, height, width, 3)`, uint8.

        Returns:
            A `tf.function`, to `(batch, height / 4, width / 4, joints)`, float32.
        """
        spec = tf.TensorSpec([batch, *self.model.image_size, 3], tf.uint8, CROPS)
        return tf.function(self._look, [spec], autograph=False)

    def joints(self, batch: int | None = None):
        """The decoder: from `heatmaps`.

        Returns:
            A `tf.function`, to `keypoints` `(batch, joints, 2)`, pixels of the crops,
            and `scores` `(batch, joints)`.
        """
        size = [*self.model.heatmap_size[::-1], len(self.model.skeleton.joints)]
        spec = tf.TensorSpec([batch, *size], tf.float32, HEATMAPS)
        return tf.function(self._read, [spec], autograph=False)

    def whole(self, batch: int | None = None):
        """Both: a `tf.function` from `crops` to all three."""
        spec = tf.TensorSpec([batch, *self.model.image_size, 3], tf.uint8, CROPS)

        def answer(crops):
            heatmaps = self._look(crops)
            return {**self._read(heatmaps), HEATMAPS: heatmaps}

        return tf.function(answer, [spec], autograph=False)

    def _look(self, crops):
        return tf.cast(self._network(crops, training=False), tf.float32)

    def _read(self, heatmaps):
        points, scores = decode(heatmaps, self.model.offset)
        window = on_crops(self.model)
        points = window.to_image(points, self.model.heatmap_size)
        return {"keypoints": points, "scores": scores}


def on_crops(model) -> Crop:
    """The window that heatmaps lie on, in pixels of the crop; float32."""
    box = np.array([0, 0, *model.image_size[::-1]])
    return Crop(*(edge.astype("float32") for edge in Crop.of_rectangle(box)))
