"""Signatures of a SavedModel, and the texts that document them."""

import tensorflow as tf

from keras_hourglass.export.saved_model.graph_estimator import GraphEstimator
from keras_hourglass.export.saved_model.graph_people import GraphPeople
from keras_hourglass.geometry import Window
from keras_hourglass.inference.oks import sigmas_of
from keras_hourglass.inference.suppression import (
    MAX_PEOPLE,
    MIN_SCORE,
    default_min_pose_score,
)

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
PEOPLE_TEXT = """Finds everyone in each image, and estimates their poses.

A detector finds the people, {max_people} at most, whose box has a score of {min_score}
or more. The pose network runs on each. Those whose joints have a mean score below
{min_pose_score}, and second poses of a person, are left out.

image_bytes: as in serving_default.

count: (batch,), int32: people in the image. The other outputs have rows of zeros after
    them.
boxes: (batch, {max_people}, 4): x and y of the first pixel, width and height, in image
    pixels, those of the highest scores first.
box_scores: (batch, {max_people}), 0 to 1.
keypoints: (batch, {max_people}, {count}, 2): x and y in pixels of the image; the first
    pixel of a row is centered on 0.
scores: (batch, {max_people}, {count}): {meaning}.
"""
OUTPUTS_TEXT = """
keypoints: (batch, {count}, 2): x and y in pixels of the image (serve_crops: of the
    crop); the first pixel of a row is centered on 0.
scores: (batch, {count}): {meaning}.
"""
HEATMAPS_TEXT = """heatmaps: (batch, {rows}, {columns}, {count}): of the last stack.
"""
PEAKS = "heights of the peaks, about 0 to 1"
PROBABILITIES = "probabilities that joints are correct, 0 to 1"
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
        detector: The `PersonDetector` of `serve_people`, in its inference form; None
            leaves that signature out.

    Attributes:
        graphs: Name of a signature -> its `tf.function`.
        texts: Name of a signature -> its documentation.
    """

    def __init__(self, network, model, max_pixels: int, decoder: str, detector=None):
        super().__init__()
        networks = [network] if detector is None else [network, detector]
        self.weights = [v.value for each in networks for v in each.variables]
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        boxes = tf.TensorSpec([None, 4], tf.float32, "boxes")
        crops = tf.TensorSpec([None, *model.image_size, 3], tf.uint8, "crops")
        heatmaps = _heatmaps_graph(network)
        self._estimator = GraphEstimator(heatmaps, model, max_pixels, decoder)
        functions = {
            "serving_default": (self._from_images, [image_bytes]),
            "serve_boxes": (self._from_boxes, [image_bytes, boxes]),
            "serve_crops": (self._from_crops, [crops]),
        }
        if detector is not None:
            maps = _heatmaps_graph(detector)
            self._people = GraphPeople(
                maps, detector, self._estimator, sigmas_of(model.skeleton)
            )
            functions["serve_people"] = self._from_people, [image_bytes]
        self.texts = _documentation(functions, model, max_pixels)
        self.graphs = {
            name: tf.function(function, specs, autograph=False)
            for name, (function, specs) in functions.items()
        }

    def _from_images(self, image_bytes):
        points, scores = self._estimator.from_images(image_bytes)
        return _require_finite(keypoints=points, scores=scores)

    def _from_boxes(self, image_bytes, boxes):
        points, scores = self._estimator.from_boxes(image_bytes, boxes)
        return _require_finite(keypoints=points, scores=scores)

    def _from_people(self, image_bytes):
        outputs = self._people.from_images(image_bytes)
        count = outputs.pop("count")
        return {"count": count, **_require_finite(**outputs)}

    def _from_crops(self, crops):
        estimator = self._estimator
        points, peaks, heatmaps = estimator.from_crops(crops)
        box = tf.constant([0.0, 0.0, *estimator.size], tf.float64)
        points = Window.from_rectangle(box).to_image(points, estimator.heatmap_size)
        outputs = _require_finite(keypoints=points, scores=estimator.scores(peaks))
        return {**outputs, "heatmaps": heatmaps}


def _heatmaps_graph(network):
    """The last stack's heatmaps of crops `(batch, height, width, 3)`, float32."""
    height, width = network.image_size
    crops = tf.TensorSpec([None, height, width, 3], tf.float32, "crops")

    @tf.function(input_signature=[crops], autograph=False)  # of all signatures
    def heatmaps(crops):
        # An empty batch is an error of oneDNN (TensorFlow on Intel's processors).
        batch = tf.shape(crops)[0]
        empty = tf.cast(batch == 0, tf.int32)
        padding = tf.zeros((empty, height, width, 3))
        crops = tf.concat([crops, padding], 0)
        return network(crops, training=False)[:batch, -1]

    return heatmaps


def _documentation(signatures, model, max_pixels):
    (columns, rows), joints = model.heatmap_size, model.skeleton.joints
    height, width = model.image_size
    facts = {"height": height, "width": width, "max_pixels": max_pixels}
    facts |= {"rows": rows, "columns": columns}
    facts |= {"count": len(joints), "joints": ", ".join(joints)}
    facts |= {"min_score": MIN_SCORE, "min_pose_score": default_min_pose_score(model)}
    facts |= {"meaning": PEAKS if model.calibration is None else PROBABILITIES}
    facts |= {"max_people": MAX_PEOPLE}
    texts = {}
    for name, text in TEXTS.items():
        heatmaps = HEATMAPS_TEXT if name == "serve_crops" else ""
        text = "".join((text, OUTPUTS_TEXT, heatmaps, JOINTS_TEXT))
        texts[name] = text.format(**facts)
    if "serve_people" in signatures:
        texts["serve_people"] = (PEOPLE_TEXT + JOINTS_TEXT).format(**facts)
    return texts


def _require_finite(**outputs):
    """Outputs of a signature. A request fails, with a message, if one is not finite."""
    return {
        name: tf.debugging.check_numerics(
            tf.cast(value, tf.float32),
            f"The network has returned NaN or infinity: {name}",
        )
        for name, value in outputs.items()
    }
