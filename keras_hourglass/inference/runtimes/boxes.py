"""Person detection in Keras: network and decoding as one compiled graph.

It works on letterboxed images of the network's size; `detectors.network` makes them.
A runtime's predictor of boxes has the attributes and the method of `BoxPredictor`.
"""

import keras
import numpy as np

from keras_hourglass.models.person_detector import PersonDetector
from keras_hourglass.models.torch_threads import spared_core


class BoxPredictor(keras.Model):
    """A person detector followed by decoding: only boxes leave the device.

    Args:
        network: A `PersonDetector`. Its weights are shared, not copied.

    Attributes:
        input_size: Width and height of the images.
        heatmap_size: Width and height of the grid that boxes refer to.
    """

    def __init__(self, network: PersonDetector):
        super().__init__()
        self.network = network
        self.input_size, self.heatmap_size = network.input_size, network.heatmap_size

    def build(self, input_shape):
        """Does nothing: the network is built. Keras would trace all of it."""

    def call(self, images):
        """`(images, height, width, 3)` -> boxes, scores; see `decode_boxes`."""
        return self.network.decode(self.network(images))

    def predict_boxes(self, images, min_batch: int = 1):
        """Predicts the boxes of people in any number of images, in one batch.

        Args:
            images: `(images, height, width, 3)`, RGB, 0 to 255, uint8 or float32.
            min_batch: The batch is padded with black images to this size, and above
                it to a power of two, since each new size is compiled anew.

        Returns:
            boxes `(images, rows, 4)`, heatmap pixels; scores `(images, rows)`, the
            highest first; see `decode_boxes`.
        """
        images = np.asarray(images, "float32")
        count = len(images)
        size = max(min_batch, 1 << (count - 1).bit_length())
        padding = np.zeros((size - count, *images.shape[1:]), images.dtype)
        with spared_core():
            boxes, scores = self.predict_on_batch(np.concatenate([images, padding]))
        return boxes[:count], scores[:count]
