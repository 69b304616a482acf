"""What every file for devices computes: from crops to joints in their pixels.

Looking at people within a graph, as `PoseEstimator` does.

What a server is asked for: the signatures of an exported network.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_hourglass.data.warp import BOX_PADDING, JOINTS_PADDING
from keras_hourglass.export.tf_image import (
    all_pixels,
    crop_windows,
    decode_image,
    require_boxed,
    shrink_image,
    whole_window,
)
from keras_hourglass.geometry import Window, round_window
from keras_hourglass.heatmaps.decode import decode, validate_decoder
from keras_hourglass.inference.views import MIN_SCORE_RATIO, MIN_WINDOW_RATIO
from keras_hourglass.models.fusion.network import fuse

CROPS_INPUT, HEATMAPS_OUTPUT = "crops", "heatmaps"  # names in every file


class CropGraphs:
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
        spec = tf.TensorSpec([batch, *self.model.image_size, 3], tf.uint8, CROPS_INPUT)
        return tf.function(self._look, [spec], autograph=False)

    def joints(self, batch: int | None = None):
        """The decoder: from `heatmaps`.

        Returns:
            A `tf.function`, to `keypoints` `(batch, joints, 2)`, pixels of the crops,
            and `scores` `(batch, joints)`.
        """
        size = [*self.model.heatmap_size[::-1], len(self.model.skeleton.joints)]
        spec = tf.TensorSpec([batch, *size], tf.float32, HEATMAPS_OUTPUT)
        return tf.function(self._read, [spec], autograph=False)

    def whole(self, batch: int | None = None):
        """Both: a `tf.function` from `crops` to all three."""
        spec = tf.TensorSpec([batch, *self.model.image_size, 3], tf.uint8, CROPS_INPUT)

        def answer(crops):
            heatmaps = self._look(crops)
            return {**self._read(heatmaps), HEATMAPS_OUTPUT: heatmaps}

        return tf.function(answer, [spec], autograph=False)

    def _look(self, crops):
        return tf.cast(self._network(crops, training=False), tf.float32)

    def _read(self, heatmaps):
        points, scores = decode(heatmaps, self.model.offset)
        window = crop_graphs(self.model)
        points = window.to_image(points, self.model.heatmap_size)
        return {"keypoints": points, "scores": scores}


def crop_graphs(model) -> Window:
    """The window that heatmaps lie on, in pixels of the crop; float32."""
    box = np.array([0, 0, *model.image_size[::-1]])
    return Window(*(edge.astype("float32") for edge in Window.from_rectangle(box)))


MAX_IMAGES = 4  # pictures that are decoded side by side: each may take 100 MB


class GraphEstimator:
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
        self.decoder = validate_decoder(decoder)
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
        points, scores = decode(heatmaps, self.offset, self.decoder)
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
        found = self._look(image_bytes, lambda _, region: all_pixels(region, self.size))
        windows = refine_window(*found, self.size)
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
                return Window.from_box(tf.identity(box), BOX_PADDING, self.size)

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
            region = whole_window(decode_image(number, data, self.most_pixels))
            window = window_of(number, region, *its)
            return crop_windows(
                shrink_image(region, window, self.size), window, self.size
            ), window

        crops, windows = tf.map_fn(
            lambda parts: look(*parts),
            (tf.range(tf.size(image_bytes)), image_bytes, *given),
            fn_output_signature=(
                tf.TensorSpec((*self.size[::-1], 3), tf.uint8),
                Window(*[tf.TensorSpec(2, tf.float64)] * 3),
            ),
            parallel_iterations=MAX_IMAGES,
        )
        points, scores, _ = self.at(crops)
        return windows.to_image(points, self.heatmap_size), scores, windows


def refine_window(joints, scores, seen: Window, size: tuple[int, int]) -> Window:
    """What `predict.windows.around` is, for `(batch, joints, 2)` at once."""
    best = tf.reduce_max(scores, -1, keepdims=True)
    sure = (scores >= tf.minimum(MIN_SCORE_RATIO * best, best))[..., None]
    far = tf.constant(float("inf"), joints.dtype)
    low = tf.reduce_min(tf.where(sure, joints, far), -2)
    high = tf.reduce_max(tf.where(sure, joints, -far), -2)
    side = JOINTS_PADDING * tf.reduce_max(high - low, -1)
    least = MIN_WINDOW_RATIO * tf.maximum(seen.right[:, 0], seen.down[:, 1])
    center, side = round_window((low + high) / 2, tf.maximum(side, least))
    return Window.from_center(center, side, size)


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
HEATMAPS_TEXT = """heatmaps: (batch, {rows}, {columns}, {count}): of the last stack.
"""
JOINTS_TEXT = """
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

        self._looking = GraphEstimator(heatmaps, model, most_pixels, decoder)
        (columns, rows), joints = model.heatmap_size, model.skeleton.joints
        facts = {"height": height, "width": width, "most_pixels": most_pixels}
        facts |= {"rows": rows, "columns": columns}
        facts |= {"count": len(joints), "joints": ", ".join(joints)}
        self.texts = {
            name: "".join(
                (
                    text,
                    ANSWER,
                    HEATMAPS_TEXT if name == "serve_crops" else "",
                    JOINTS_TEXT,
                )
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
        points = Window.from_rectangle(box).to_image(points, self._looking.heatmap_size)
        return {**_answer(points, scores), "heatmaps": heatmaps}


def _answer(joints, scores):
    """Numbers: a request fails, with a message, before it is answered with others."""
    answer = {"keypoints": tf.cast(joints, tf.float32), "scores": scores}
    says = "The network has answered with what is no number: "
    return {
        name: tf.debugging.check_numerics(value, says + name)
        for name, value in answer.items()
    }
