"""Inference on image files as TensorFlow graphs: from bytes to keypoints.

The same steps as `PoseEstimator` takes, with the same arithmetic.
"""

import tensorflow as tf
import tensorflow.experimental.numpy as tf_numpy

from keras_hourglass.data.warp import BOX_PADDING
from keras_hourglass.export.saved_model import tf_image
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import validate_decoder
from keras_hourglass.heatmaps.calibration import calibrate
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.views import refine_window

MAX_PARALLEL_IMAGES = 4  # that are decoded at once: each may take 100 MB


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
        self.offset, self.joints = model.offset, len(model.skeleton.joints)
        self.calibration = model.calibration

    def from_crops(self, crops):
        """Estimates keypoints on crops of the network's size.

        Args:
            crops: `(batch, height, width, 3)`, uint8 or float32.

        Returns:
            keypoints `(batch, joints, 2)`, float64, in heatmap pixels; peaks
            `(batch, joints)`; heatmaps `(batch, height / 4, width / 4, joints)`.
        """
        heatmaps = self.network(tf.cast(crops, tf.float32))
        points, peaks = decode(heatmaps, self.offset, self.decoder)
        return tf.cast(points, tf.float64), peaks, heatmaps

    def scores(self, peaks):
        """Returns the scores of joints with some peaks, for outputs."""
        return calibrate(peaks, self.calibration)

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

        points, peaks, first = self._estimate(image_bytes, whole)
        peaks = tf.debugging.check_numerics(
            tf.cast(peaks, tf.float64),
            "The network has returned NaN or infinity, in the first pass: scores",
        )
        windows = refine_window(points, peaks, first, self.size, tf_numpy)
        return self._scored(image_bytes, lambda _, region, own: own, windows)

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
        return self._scored(image_bytes, around, boxes)

    def _scored(self, image_bytes, window_of, *rows):
        """Runs the last pass; see `_estimate`. Returns keypoints and scores."""
        points, peaks, _ = self._estimate(image_bytes, window_of, *rows)
        return points, self.scores(peaks)

    def _estimate(self, image_bytes, window_of, *rows):
        """Runs one pass over a window of each image.

        Args:
            image_bytes: `(batch,)`, contents of image files.
            window_of: Returns the window, from the number of an image, its
                `ImageRegion` and its element of each of `rows`.
            rows: Tensors, or windows, of `batch` elements.

        Returns:
            keypoints in image pixels, peaks, and the windows.
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
        points, peaks, _ = self.from_crops(crops)
        return windows.to_image(points, self.heatmap_size), peaks, windows
