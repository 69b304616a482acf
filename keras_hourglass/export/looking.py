"""Looking at people within a graph, as `PoseEstimator` does."""

import tensorflow as tf

from keras_hourglass.data.window import OF_BOX, OF_JOINTS
from keras_hourglass.export.cutting import cut, everything, require_boxed, shrink, whole
from keras_hourglass.export.decoding import decode
from keras_hourglass.geometry import Crop, steadied
from keras_hourglass.heatmaps import checked
from keras_hourglass.heatmaps import decode as read
from keras_hourglass.predict.windows import NEAREST, SURE

AT_ONCE = 4  # pictures that are decoded side by side: each may take 100 MB


class Looking:
    """Finds joints on pictures that are given as bytes.

    Args:
        network: From `(batch, height, width, 3)`, uint8, to heatmaps
            `(batch, height / 4, width / 4, joints)`.
        model: The `StackedHourglass` that it is of.
        most_pixels: Of a picture.
        decoder: A key of `heatmaps.DECODERS`.
    """

    def __init__(self, network, model, most_pixels: int, decoder: str):
        self.network, self.most_pixels = network, most_pixels
        self.decoder = checked(decoder)
        self.size, self.heatmap_size = model.image_size[::-1], model.heatmap_size
        self.offset = model.offset

    def at(self, crops):
        """Joints on images of the network's size.

        Args:
            crops: `(batch, height, width, 3)`, uint8.

        Returns:
            joints `(batch, joints, 2)`, float64, heatmap pixels; scores
            `(batch, joints)`; heatmaps `(batch, height, width, joints)`.
        """
        heatmaps = self.network(crops)
        points, scores = read(heatmaps, self.offset, self.decoder)
        return tf.cast(points, tf.float64), scores, heatmaps

    def twice(self, image_bytes):
        """One person in each picture: in all of it, then once more around that.

        Pictures are decoded again for the second look, which takes little beside a
        network: so they need not all be held at once.

        Args:
            image_bytes: `(batch,)`, files.

        Returns:
            joints `(batch, joints, 2)`, float64, picture pixels; and scores.
        """
        found = self._look(image_bytes, lambda _, region: everything(region, self.size))
        windows = around(*found, self.size)
        return self._look(image_bytes, lambda _, region, window: window, windows)[:2]

    def boxed(self, image_bytes, boxes):
        """The person in a box `(batch, 4)` of each picture; see `twice`."""
        counts = [tf.shape(boxes)[0], "boxes,", tf.size(image_bytes), "pictures"]
        alike = tf.debugging.Assert(
            counts[0] == counts[2],
            ["`boxes` must have a row for each of `image_bytes`. Received:", *counts],
        )

        def window(number, region, box):
            sound = require_boxed(number, region, box)
            with tf.control_dependencies([sound]):
                return Crop.of_box(tf.identity(box), OF_BOX, self.size)

        with tf.control_dependencies([alike]):
            boxes = tf.cast(boxes, tf.float64)
        return self._look(image_bytes, window, boxes)[:2]

    def _look(self, image_bytes, window_of, *given):
        """Joints, scores, and the windows that they were found in.

        Args:
            image_bytes: `(batch,)`, files.
            window_of: From a picture's number, its `Region` and what is given for it
                to the window to look at.
            given: Tensors of as many rows.
        """

        def look(number, data, *its):
            region = whole(decode(number, data, self.most_pixels))
            window = window_of(number, region, *its)
            return cut(shrink(region, window, self.size), window, self.size), window

        crops, windows = tf.map_fn(
            lambda parts: look(*parts),
            (tf.range(tf.size(image_bytes)), image_bytes, *given),
            fn_output_signature=(
                tf.TensorSpec((*self.size[::-1], 3), tf.uint8),
                Crop(*[tf.TensorSpec(2, tf.float64)] * 3),
            ),
            parallel_iterations=AT_ONCE,
        )
        points, scores, _ = self.at(crops)
        return windows.to_image(points, self.heatmap_size), scores, windows


def around(joints, scores, seen: Crop, size: tuple[int, int]) -> Crop:
    """What `predict.windows.around` is, for `(batch, joints, 2)` at once."""
    best = tf.reduce_max(scores, -1, keepdims=True)
    sure = (scores >= tf.minimum(SURE * best, best))[..., None]
    far = tf.constant(float("inf"), joints.dtype)
    low = tf.reduce_min(tf.where(sure, joints, far), -2)
    high = tf.reduce_max(tf.where(sure, joints, -far), -2)
    side = OF_JOINTS * tf.reduce_max(high - low, -1)
    least = NEAREST * tf.maximum(seen.right[:, 0], seen.down[:, 1])
    center, side = steadied((low + high) / 2, tf.maximum(side, least))
    return Crop.around(center, side, size)
