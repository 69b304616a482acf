"""Inference on crops as TensorFlow graphs: network and decoder.

The crops of a person detector are whole photographs (letterbox).
"""

import keras
import numpy as np
import tensorflow as tf

from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.heatmaps.boxes import decode_boxes
from keras_hourglass.heatmaps.calibration import calibrate
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.detectors import DEFAULT_DETECTOR
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.models.fusion.network import fuse
from keras_hourglass.models.loading import load_argument
from keras_hourglass.models.trunk.hourglass import UpsampledSum
from keras_hourglass.models.trunk.precision import to_float32

CROPS_INPUT, HEATMAPS_OUTPUT = "crops", "heatmaps"  # names in every file
PLACES_OUTPUT = {"pose": "keypoints", "detect": "boxes"}  # by the task of the network


def crop_window(model) -> Window:
    """The window that a network's heatmaps cover, in pixels of the crop; float32."""
    box = np.array([0, 0, *model.input_size])
    return Window(*(edge.astype("float32") for edge in Window.from_rectangle(box)))


def load_export_detector(detector, model):
    """Loads the `PersonDetector` that is exported with a pose network.

    Args:
        detector: A `PersonDetector`, or what `load_model` takes; "auto" is that of
            `PoseEstimator`: the default one for networks of a person's joints.
        model: The `StackedHourglass`.

    Returns:
        The detector, or None.
    """
    if isinstance(detector, str) and detector == AUTO:
        detector = DEFAULT_DETECTOR if model.skeleton.is_person else None
    return detector and to_float32(load_argument(detector, "detector", "detect"))


class CropGraphs:
    """A network in its inference form and its decoder, as graphs without variables.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        decoder: One of `heatmaps.DECODER_NAMES`, of keypoints.
        broadcast: Whether features are upsampled by broadcasting: see `UpsampledSum`.

    Attributes:
        model: The network as it was given.
    """

    def __init__(self, model, decoder: str = DEFAULT_DECODER, broadcast: bool = False):
        fused = fuse(model)
        self._sums = [each for each in fused.layers if isinstance(each, UpsampledSum)]
        self._broadcast = broadcast
        last = fused.get_layer(f"stack_{model.stacks}_heatmaps").output
        self.model, self._network = model, keras.Model(fused.input, last)
        self._decoder = validate_decoder(decoder)

    def network(self, batch_size: int | None = None):
        """The network alone.

        Args:
            batch_size: People at once; any number by default.

        Returns:
            A `tf.function` from `crops` `(batch, height, width, 3)`, uint8, to
            heatmaps `(batch, height / 4, width / 4, joints)`, float32; of a detector,
            its 5 maps.
        """
        return tf.function(
            self._predict, [self._crops_spec(batch_size)], autograph=False
        )

    def decoder(self, batch_size: int | None = None):
        """The decoder alone.

        Args:
            batch_size: People at once; any number by default.

        Returns:
            A `tf.function` from `heatmaps` to a dictionary: `keypoints`
            `(batch, joints, 2)`, in pixels of the crops, and `scores`
            `(batch, joints)`; of a detector, `boxes` `(batch, 128, 4)`, x, y, width,
            height in pixels of the crops, and `scores` `(batch, 128)`.
        """
        size = self._network.output.shape[1:]
        spec = tf.TensorSpec([batch_size, *size], tf.float32, HEATMAPS_OUTPUT)
        return tf.function(self._decode, [spec], autograph=False)

    def complete(self, batch_size: int | None = None):
        """Network and decoder.

        Args:
            batch_size: People at once; any number by default.

        Returns:
            A `tf.function` from `crops` to a dictionary: what `decoder` returns, and
            `heatmaps`.
        """

        def estimate(crops):
            heatmaps = self._predict(crops)
            return {**self._decode(heatmaps), HEATMAPS_OUTPUT: heatmaps}

        return tf.function(estimate, [self._crops_spec(batch_size)], autograph=False)

    def _crops_spec(self, batch_size):
        shape = [batch_size, *self.model.image_size, 3]
        return tf.TensorSpec(shape, tf.uint8, CROPS_INPUT)

    def _predict(self, crops):
        self._set_broadcast(self._broadcast)
        try:  # layers of a network that was fused before are used elsewhere, too
            return tf.cast(self._network(crops, training=False), tf.float32)
        finally:
            self._set_broadcast(False)

    def _set_broadcast(self, broadcast):
        for layer in self._sums:
            layer.broadcast = broadcast

    def _decode(self, heatmaps):
        model, window = self.model, crop_window(self.model)
        if model.task == "detect":
            boxes, scores = decode_boxes(heatmaps)
            places = window.part(boxes, model.heatmap_size).box()
        else:
            points, peaks = decode(heatmaps, model.offset, self._decoder)
            scores = calibrate(peaks, model.calibration)
            places = window.to_image(points, model.heatmap_size)
        return {PLACES_OUTPUT[model.task]: places, "scores": scores}
