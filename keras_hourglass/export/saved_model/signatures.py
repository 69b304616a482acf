"""Signatures of a SavedModel, and the texts that document them."""

import tensorflow as tf

from keras_hourglass.export.saved_model.graph_estimator import GraphEstimator
from keras_hourglass.geometry import Window

TEXTS = {
    "serving_default": """Estimates the pose of one person in each image.

The network runs on the whole image, then once more on a window around the keypoints.

image_bytes: (batch,), strings: the bytes of JPEG or PNG files of any sizes, up to
    {max_pixels:,} pixels. A JPEG is taken as it is stored: turn it first if its EXIF
    tag says so. Over REST, as {{"b64": "..."}}.
""",
    "serve_boxes": """Estimates the pose of the person in a box of each image.

image_bytes: as in serving_default; for several people repeat an image.
boxes: (batch, 4): x and y of the first pixel, width and height, in image pixels.
""",
    "serve_crops": """Estimates the pose of the person in a crop.

crops: (batch, {height}, {width}, 3), uint8, RGB: windows around people, cut out.
""",
}
OUTPUTS_TEXT = """
keypoints: (batch, {count}, 2): x and y in pixels of the image (serve_crops: of the
    crop); the first pixel of a row is centered on 0.
scores: (batch, {count}): heights of the peaks, about 0 to 1.
"""
HEATMAPS_TEXT = """heatmaps: (batch, {rows}, {columns}, {count}): of the last stack.
"""
JOINTS_TEXT = """
The joints, in order: {joints}.
"""


class Signatures(tf.Module):
    """A network with preprocessing and decoding, as the graphs of a SavedModel.

    Args:
        network: The network in its inference form.
        model: The `StackedHourglass` that it was made of.
        max_pixels: Most pixels of an image. One with more is refused before it is
            decoded.
        decoder: One of `heatmaps.DECODER_NAMES`.

    Attributes:
        graphs: Name of a signature -> its `tf.function`.
        texts: Name of a signature -> its documentation.
    """

    def __init__(self, network, model, max_pixels: int, decoder: str):
        super().__init__()
        self.weights = [variable.value for variable in network.variables]
        height, width = model.image_size
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        boxes = tf.TensorSpec([None, 4], tf.float32, "boxes")
        crops = tf.TensorSpec([None, height, width, 3], tf.uint8, "crops")

        unrounded = tf.TensorSpec(crops.shape, tf.float32, "crops")

        @tf.function(input_signature=[unrounded], autograph=False)  # of all signatures
        def heatmaps(crops):
            # An empty batch is an error of oneDNN (TensorFlow on Intel's processors).
            batch = tf.shape(crops)[0]
            empty = tf.cast(batch == 0, tf.int32)
            padding = tf.zeros((empty, height, width, 3))
            crops = tf.concat([crops, padding], 0)
            return network(crops, training=False)[:batch, -1]

        self._estimator = GraphEstimator(heatmaps, model, max_pixels, decoder)
        self.texts = _documentation(model, max_pixels)
        functions = {
            "serving_default": (self._from_images, [image_bytes]),
            "serve_boxes": (self._from_boxes, [image_bytes, boxes]),
            "serve_crops": (self._from_crops, [crops]),
        }
        self.graphs = {
            name: tf.function(function, specs, autograph=False)
            for name, (function, specs) in functions.items()
        }

    def _from_images(self, image_bytes):
        return _require_finite(*self._estimator.from_images(image_bytes))

    def _from_boxes(self, image_bytes, boxes):
        return _require_finite(*self._estimator.from_boxes(image_bytes, boxes))

    def _from_crops(self, crops):
        estimator = self._estimator
        points, scores, heatmaps = estimator.from_crops(crops)
        box = tf.constant([0.0, 0.0, *estimator.size], tf.float64)
        points = Window.from_rectangle(box).to_image(points, estimator.heatmap_size)
        return {**_require_finite(points, scores), "heatmaps": heatmaps}


def _documentation(model, max_pixels):
    (columns, rows), joints = model.heatmap_size, model.skeleton.joints
    height, width = model.image_size
    facts = {"height": height, "width": width, "max_pixels": max_pixels}
    facts |= {"rows": rows, "columns": columns}
    facts |= {"count": len(joints), "joints": ", ".join(joints)}
    texts = {}
    for name, text in TEXTS.items():
        heatmaps = HEATMAPS_TEXT if name == "serve_crops" else ""
        text = "".join((text, OUTPUTS_TEXT, heatmaps, JOINTS_TEXT))
        texts[name] = text.format(**facts)
    return texts


def _require_finite(keypoints, scores):
    """Outputs of a signature. A request fails, with a message, if one is not finite."""
    outputs = {"keypoints": tf.cast(keypoints, tf.float32), "scores": scores}
    return {
        name: tf.debugging.check_numerics(
            value, f"The network has returned NaN or infinity: {name}"
        )
        for name, value in outputs.items()
    }
