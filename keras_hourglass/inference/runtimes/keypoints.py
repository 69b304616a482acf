"""Keypoint prediction in Keras: network, flip test, multi-scale averaging, decoding.

All of it is one Keras model, `KeypointPredictor`, so that only keypoints leave the
device. It works on crops of the network's size; `PoseEstimator` makes the crops.
"""

from functools import lru_cache

import keras
import numpy as np
from keras import ops

from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.calibration import calibrate
from keras_hourglass.inference.runtimes.heatmap_average import HeatmapAverage
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.models.torch_threads import spared_core


class KeypointPredictor(keras.Model):
    """A network followed by flip test, multi-scale averaging and decoding.

    Compiled as one: only keypoints leave the device, and decoding, which takes a
    quarter of a small network's time when run eagerly, becomes negligible.

    Args:
        network: A `StackedHourglass`. Its weights are shared, not copied; its
            `offset` is read once, here.
        flip: Averages the heatmaps with those of the mirrored images.
        scales: Factors of the windows' edges, in the order of the crops; keypoints
            are in heatmap pixels of the unscaled window.
        decoder: A key of `heatmaps.DECODERS`.
    """

    def __init__(
        self,
        network: StackedHourglass,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        decoder: str = DEFAULT_DECODER,
    ):
        super().__init__()
        self.network = network
        self.average = HeatmapAverage(network, flip, scales, decoder, ops)

    def build(self, input_shape):
        """Does nothing: the network is built. Keras would trace all of it."""

    def call(self, images):
        """`(people, scales, height, width, 3)` -> points, peaks; see `decode`."""
        heatmaps = self.network(self.average.views(images))[:, -1]
        return self.average.decode(heatmaps)

    def predict_keypoints(self, crops, min_batch: int = 1):
        """Predicts the keypoints of any number of people, in one batch.

        Args:
            crops: `(people, scales, height, width, 3)`, RGB, 0 to 255.
            min_batch: The batch is padded with black crops to this size, and above
                it to a power of two, since each new size is compiled anew.

        Returns:
            points `(people, joints, 2)`, heatmap pixels; peaks `(people, joints)`.
        """
        people = len(crops)
        size = max(min_batch, 1 << (people - 1).bit_length())
        padding = np.zeros((size - people, *crops.shape[1:]), crops.dtype)
        with spared_core():
            points, peaks = self.predict_on_batch(np.concatenate([crops, padding]))
        return points[:people], peaks[:people]


def predict_keypoints(
    model: StackedHourglass, images, flip: bool = False, decoder: str = DEFAULT_DECODER
):
    """Predicts keypoints on images of the network's size.

    Args:
        model: The network.
        images: `(batch, height, width, 3)`, RGB, 0 to 255.
        flip: Averages the heatmaps with those of the mirrored images.
        decoder: A key of `heatmaps.DECODERS`.

    Returns:
        points `(batch, joints, 2)`, heatmap pixels; scores `(batch, joints)`.
    """
    predictor = _cached_predictor(model, flip, model.offset, decoder)
    points, peaks = predictor.predict_keypoints(np.asarray(images)[:, None])
    return points, calibrate(peaks, model.calibration, NUMPY)


@lru_cache(maxsize=1)  # callers predict batch after batch with one model
def _cached_predictor(model, flip, offset, decoder):
    return KeypointPredictor(model, flip, decoder=decoder)
