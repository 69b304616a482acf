"""Inference as TensorFlow graphs: from crops, or from image files, to keypoints.

The same steps as `PoseEstimator` takes, with the same arithmetic.
"""

import keras
import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tf_numpy

from keras_hourglass.data.warp import BOX_PADDING
from keras_hourglass.export import tf_image
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.views import refine_window
from keras_hourglass.models.fusion.network import fuse
from keras_hourglass.models.hourglass import UpsampledSum

CROPS_INPUT, HEATMAPS_OUTPUT = "crops", "heatmaps"  # names in every file
MAX_PARALLEL_IMAGES = 4  # that are decoded at once: each may take 100 MB


def crop_window(model) -> Window:
    """The window that a network's heatmaps cover, in pixels of the crop; float32."""
    box = np.array([0, 0, *model.input_size])
    return Window(*(edge.astype("float32") for edge in Window.from_rectangle(box)))


class CropGraphs:
    """A network in its inference form and its decoder, as graphs without variables.

    Args:
        model: A `StackedHourglass`.
        decoder: One of `heatmaps.DECODER_NAMES`.
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
            heatmaps `(batch, height / 4, width / 4, joints)`, float32.
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
            `(batch, joints)`.
        """
        size = [*self.model.heatmap_size[::-1], len(self.model.skeleton.joints)]
        spec = tf.TensorSpec([batch_size, *size], tf.float32, HEATMAPS_OUTPUT)
        return tf.function(self._decode, [spec], autograph=False)

    def complete(self, batch_size: int | None = None):
        """Network and decoder.

        Args:
            batch_size: People at once; any number by default.

        Returns:
            A `tf.function` from `crops` to a dictionary: `keypoints`, `scores` and
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
        points, scores = decode(heatmaps, self.model.offset, self._decoder)
        points = crop_window(self.model).to_image(points, self.model.heatmap_size)
        return {"keypoints": points, "scores": scores}


class GraphEstimator:
    """Pose estimation on images that are given as bytes, within a graph.

    Args:
        network: A function from `(batch, height, width, 3)`, float32, to heatmaps
            `(batch, height / 4, width / 4, joints)`.
        model: The `StackedHourglass` that it was made of.
        max_pixels: Most pixels of an image.
        decoder: One of `heatmaps.DECODER_NAMES`.
    """

    def __init__(self, network, model, max_pixels: int, decoder: str):
        self.network, self.max_pixels = network, max_pixels
        self.decoder = validate_decoder(decoder)
        self.size, self.heatmap_size = model.input_size, model.heatmap_size
        self.offset = model.offset

    def from_crops(self, crops):
        """Estimates keypoints on crops of the network's size.

        Args:
            crops: `(batch, height, width, 3)`, uint8 or float32.

        Returns:
            keypoints `(batch, joints, 2)`, float64, in heatmap pixels; scores
            `(batch, joints)`; heatmaps `(batch, height / 4, width / 4, joints)`.
        """
        heatmaps = self.network(tf.cast(crops, tf.float32))
        points, scores = decode(heatmaps, self.offset, self.decoder)
        return tf.cast(points, tf.float64), scores, heatmaps

    def from_images(self, image_bytes):
        """Estimates one person in each image: in all of it, then in a refined window.

        Images are decoded again for the second pass, which takes little time next to
        a network, so that they need not all be held at once.

        Args:
            image_bytes: `(batch,)`, contents of image files.

        Returns:
            keypoints `(batch, joints, 2)`, float64, in image pixels; and scores
            `(batch, joints)`.
        """

        def whole(number, region):
            return tf_image.whole_window(region, self.size)

        points, scores, first = self._estimate(image_bytes, whole)
        scores = tf.debugging.check_numerics(
            tf.cast(scores, tf.float64),
            "The network has returned NaN or infinity, in the first pass: scores",
        )
        windows = refine_window(points, scores, first, self.size, tf_numpy)
        return self._estimate(image_bytes, lambda _, region, own: own, windows)[:2]

    def from_boxes(self, image_bytes, boxes):
        """Estimates the person in a box of each image.

        Args:
            image_bytes: `(batch,)`, contents of image files.
            boxes: `(batch, 4)`: x and y of the first pixel, width and height.

        Returns:
            As `from_images`.
        """
        counts = [tf.shape(boxes)[0], "boxes,", tf.size(image_bytes), "images"]
        as_many = tf.debugging.Assert(
            counts[0] == counts[2],
            ["`boxes` must have a row for each of `image_bytes`. Received:", *counts],
        )

        def around(number, region, box):
            overlapping = tf_image.require_overlap(number, region, box)
            with tf.control_dependencies([overlapping]):
                return Window.from_box(tf.identity(box), BOX_PADDING, self.size)

        with tf.control_dependencies([as_many]):
            boxes = tf.cast(boxes, tf.float64)
        return self._estimate(image_bytes, around, boxes)[:2]

    def _estimate(self, image_bytes, window_of, *rows):
        """Runs one pass over a window of each image.

        Args:
            image_bytes: `(batch,)`, contents of image files.
            window_of: Returns the window, from the number of an image, its
                `ImageRegion` and its element of each of `rows`.
            rows: Tensors, or windows, of `batch` elements.

        Returns:
            keypoints in image pixels, scores, and the windows.
        """

        def crop(elements):
            number, data, *own = elements
            pixels = tf_image.decode_image(number, data, self.max_pixels)
            region = tf_image.whole_region(pixels)
            window = window_of(number, region, *own)
            region = tf_image.shrink(region, window, self.size)
            return tf_image.warp(region, window, self.size), window

        crops, windows = tf.map_fn(
            crop,
            (tf.range(tf.size(image_bytes)), image_bytes, *rows),
            fn_output_signature=(
                tf.TensorSpec((*self.size[::-1], 3), tf.float32),
                Window(*[tf.TensorSpec(2, tf.float64)] * 3),
            ),
            parallel_iterations=MAX_PARALLEL_IMAGES,
        )
        points, scores, _ = self.from_crops(crops)
        return windows.to_image(points, self.heatmap_size), scores, windows
