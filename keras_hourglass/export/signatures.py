"""What a server is asked for: the signatures of an exported network."""

import tensorflow as tf

from keras_hourglass.export.looking import Looking
from keras_hourglass.geometry import Crop

TEXTS = {
    "serving_default": """Finds one person in each picture.

It looks at all of the picture, then once more around what it found.

image_bytes: (batch,), strings: the bytes of JPEG or PNG files of any sizes, up to
    {most_pixels:,} pixels. A JPEG is taken as it is stored: turn it first if its EXIF
    tag says so. Over REST, as {{"b64": "..."}}.
""",
    "serve_boxes": """Finds the person in a box of each picture.

image_bytes: as in serving_default; for several people give a picture several times.
boxes: (batch, 4): x and y of the first pixel, width and height, in picture pixels.
""",
    "serve_crops": """Finds the person that a crop shows.

crops: (batch, {height}, {width}, 3), uint8, RGB: windows around people, cut out.
""",
}
ANSWER = """
keypoints: (batch, {count}, 2): x and y in pixels of the picture (serve_crops: of the
    crop); the first pixel of a row is centered on 0.
scores: (batch, {count}): how high the peaks are, about 0 to 1.
"""
HEATMAPS = """heatmaps: (batch, {rows}, {columns}, {count}): of the last stack.
"""
JOINTS = """
The joints, in order: {joints}.
"""


class Signatures(tf.Module):
    """A network with all that comes before and after it, as graphs.

    Args:
        network: See `Looking`.
        model: The `StackedHourglass` that it is of.
        most_pixels: Of a picture; with more, it is refused before it is decoded.
        decoder: Of heatmaps; see `Looking`.
    """

    def __init__(self, network, model, most_pixels: int, decoder: str):
        super().__init__()
        self.weights = [variable.value for variable in network.variables]
        height, width = model.image_size
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        boxes = tf.TensorSpec([None, 4], tf.float32, "boxes")
        crops = tf.TensorSpec([None, height, width, 3], tf.uint8, "crops")

        @tf.function(input_signature=[crops], autograph=False)  # one for all signatures
        def heatmaps(crops):
            # Of nobody, oneDNN (TensorFlow on Intel's processors) makes an error.
            batch = tf.shape(crops)[0]
            empty = tf.cast(batch == 0, tf.int32)
            somebody = tf.zeros((empty, height, width, 3), tf.uint8)
            crops = tf.concat([crops, somebody], 0)
            return network(crops, training=False)[:batch, -1]

        self._looking = Looking(heatmaps, model, most_pixels, decoder)
        (columns, rows), joints = model.heatmap_size, model.skeleton.joints
        facts = {"height": height, "width": width, "most_pixels": most_pixels}
        facts |= {"rows": rows, "columns": columns}
        facts |= {"count": len(joints), "joints": ", ".join(joints)}
        self.texts = {
            name: "".join(
                (text, ANSWER, HEATMAPS if name == "serve_crops" else "", JOINTS)
            ).format(**facts)
            for name, text in TEXTS.items()
        }
        inputs = {
            "serving_default": (self._whole, [image_bytes]),
            "serve_boxes": (self._boxed, [image_bytes, boxes]),
            "serve_crops": (self._cropped, [crops]),
        }
        self.graphs = {
            name: tf.function(answer, specs, autograph=False)
            for name, (answer, specs) in inputs.items()
        }

    def _whole(self, image_bytes):
        return _answer(*self._looking.twice(image_bytes))

    def _boxed(self, image_bytes, boxes):
        return _answer(*self._looking.boxed(image_bytes, boxes))

    def _cropped(self, crops):
        points, scores, heatmaps = self._looking.at(crops)
        size = self._looking.size
        box = tf.constant([0.0, 0.0, *size], tf.float64)
        points = Crop.of_rectangle(box).to_image(points, self._looking.heatmap_size)
        return {**_answer(points, scores), "heatmaps": heatmaps}


def _answer(joints, scores):
    """Numbers: a request fails, with a message, before it is answered with others."""
    answer = {"keypoints": tf.cast(joints, tf.float32), "scores": scores}
    says = "The network has answered with what is no number: "
    return {
        name: tf.debugging.check_numerics(value, says + name)
        for name, value in answer.items()
    }
