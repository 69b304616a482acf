"""Everyone in image files as TensorFlow graphs: detector, then poses.

The same steps as `PoseEstimator` takes with a detector, with the same arithmetic.
"""

import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tf_numpy

from keras_hourglass.data.warp import BOX_PADDING
from keras_hourglass.export.saved_model import tf_image
from keras_hourglass.export.saved_model.graph_estimator import (
    MAX_PARALLEL_IMAGES,
    GraphEstimator,
)
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.boxes import clip_boxes, decode_boxes
from keras_hourglass.inference.detectors.network import MIN_SIDE
from keras_hourglass.inference.oks import AREA_OF_BOX, similarities
from keras_hourglass.inference.suppression import (
    MAX_OKS,
    MAX_PEOPLE,
    MIN_SCORE,
    default_min_pose_score,
)

PEOPLE_BATCH = 16  # crops of people that the network is run on at once


class GraphPeople:
    """Detection of people and their poses on images that are given as bytes.

    Args:
        detect: A function from photographs `(batch, height, width, 3)`, float32, to
            maps `(batch, height / 4, width / 4, 5)`.
        detector: The `PersonDetector` that it was made of.
        estimator: Estimates the poses.
        sigmas: `(joints,)`, tolerances of the joints; see `sigmas_of`.
    """

    def __init__(self, detect, detector, estimator: GraphEstimator, sigmas):
        self.detect, self.estimator, self.sigmas = detect, estimator, sigmas
        self.size, self.heatmap_size = detector.input_size, detector.heatmap_size

    def from_images(self, image_bytes):
        """Finds the people in each image, and estimates their poses.

        Args:
            image_bytes: `(batch,)`, contents of image files.

        Returns:
            A dictionary, of rows of zeros after the people: `count` `(batch,)`, int32;
            `boxes` `(batch, people, 4)`, x and y of the first pixel, width and height;
            `box_scores` `(batch, people)`; `keypoints` `(batch, people, joints, 2)`;
            `scores` `(batch, people, joints)`. All pixels are of the image.
        """
        boxes, box_scores = self._detect(image_bytes)
        detected = box_scores >= 0
        counts = tf.reduce_sum(tf.cast(detected, tf.int32), 1)
        crops = self._crop(image_bytes, boxes, counts)
        points, scores = self._estimate(crops)
        place = tf.where(detected)  # of each crop: number of its image, and of its box
        windows = self._window(tf.gather_nd(boxes, place))
        points = windows.to_image(points, self.estimator.heatmap_size)
        shape = tf.shape(detected, tf.int64)
        people = {
            "boxes": boxes,
            "box_scores": box_scores,
            "keypoints": _scatter(place, points, shape),
            "scores": _scatter(place, tf.cast(scores, tf.float64), shape),
        }
        return self._select(people, detected)

    def _detect(self, image_bytes):
        """Detects boxes, those of the highest scores first.

        Returns:
            Boxes `(batch, people, 4)`, image pixels, and their scores `(batch,
            people)`, -1 where there is no box; float64.
        """

        def crop(elements):
            region = self._decode(*elements)
            window = Window.letterbox(region.place.box(), self.size)
            shrunk = tf_image.shrink(region, window, self.size)
            return tf_image.warp(shrunk, window, self.size), window, region.place.box()

        crops, windows, whole = tf.map_fn(
            crop,
            (tf.range(tf.size(image_bytes)), image_bytes),
            fn_output_signature=(
                tf.TensorSpec((*self.size[::-1], 3), tf.float32),
                Window(*[tf.TensorSpec(2, tf.float64)] * 3),
                tf.TensorSpec(4, tf.float64),
            ),
            parallel_iterations=MAX_PARALLEL_IMAGES,
        )
        maps = _require_finite(self.detect(crops), "detector")
        boxes, scores = (tf.cast(each, tf.float64) for each in decode_boxes(maps))
        window = Window(*(edge[:, None] for edge in windows))
        boxes = window.part(boxes, self.heatmap_size).box()
        boxes = clip_boxes(boxes, whole[:, None, 2:])
        visible = tf.reduce_all(boxes[..., 2:] >= MIN_SIDE, -1)
        scores = tf.where(visible & (scores >= MIN_SCORE), scores, -1)
        scores, index = tf.math.top_k(scores, MAX_PEOPLE)
        return tf.gather(boxes, index, batch_dims=1), scores

    def _crop(self, image_bytes, boxes, counts):
        """Crops the people of each image: `(people, height, width, 3)`, float32."""
        shape = (*self.estimator.size[::-1], 3)

        def crop_people(elements):
            number, data, boxes, count = elements
            region = self._decode(number, data)

            def crop(box):
                window = self._window(box)
                shrunk = tf_image.shrink(region, window, self.estimator.size)
                return tf_image.warp(shrunk, window, self.estimator.size)

            spec = tf.TensorSpec(shape, tf.float32)
            return tf.map_fn(crop, boxes[:count], fn_output_signature=spec)

        crops = tf.map_fn(
            crop_people,
            (tf.range(tf.size(image_bytes)), image_bytes, boxes, counts),
            fn_output_signature=_rows_spec(shape, tf.float32),
            parallel_iterations=MAX_PARALLEL_IMAGES,
        )
        return tf.reshape(crops.flat_values, (-1, *shape))

    def _estimate(self, crops):
        """Estimates any number of crops, few at a time: keypoints and scores."""
        joints = self.estimator.joints

        def estimate(start):
            return self.estimator.from_crops(crops[start : start + PEOPLE_BATCH])[:2]

        points, peaks = tf.map_fn(
            estimate,
            tf.range(0, tf.shape(crops)[0], PEOPLE_BATCH),
            fn_output_signature=(
                _rows_spec((joints, 2), tf.float64),
                _rows_spec((joints,), tf.float32),
            ),
            parallel_iterations=1,  # each takes some hundred MB
        )
        points = tf.reshape(points.flat_values, (-1, joints, 2))
        peaks = _require_finite(tf.reshape(peaks.flat_values, (-1, joints)), "network")
        return points, self.estimator.scores(peaks)

    def _select(self, people, detected):
        """Leaves out poses of low scores and second poses of a person, as
        `suppress_poses` does, and moves the others to the front."""
        keep = self._suppress(people, detected)
        order = tf.argsort(tf.cast(keep, tf.int32), direction="DESCENDING", stable=True)
        outputs = {"count": tf.reduce_sum(tf.cast(keep, tf.int32), 1)}
        for name, values in people.items():
            rank = len(values.shape) - len(keep.shape)
            mask = tf.reshape(keep, tf.concat([tf.shape(keep), [1] * rank], 0))
            kept = tf.where(mask, values, 0)
            kept = tf.cast(tf.gather(kept, order, batch_dims=1), tf.float32)
            outputs[name] = kept
        return outputs

    def _suppress(self, people, detected):
        """Returns which people are kept, `(batch, people)`, bool."""
        scores = tf.reduce_mean(people["scores"], -1)
        valid = detected & (scores >= default_min_pose_score(self.estimator))
        points, sides = people["keypoints"], people["boxes"][..., 2:]
        areas = AREA_OF_BOX * sides[..., 0] * sides[..., 1]
        weights = tf.maximum(people["scores"], 1e-6)
        same = MAX_OKS < similarities(
            points[:, :, None] - points[:, None],
            weights[:, :, None] * weights[:, None],
            (areas[:, :, None] + areas[:, None]) / 2,
            self.sigmas,
            tf_numpy,
        )
        totals = tf.where(valid, scores * people["box_scores"], -np.inf)
        order = tf.argsort(totals, direction="DESCENDING", stable=True)
        rank = tf.argsort(order, stable=True)  # 0: the highest
        beaten = same & (rank[:, None] < rank[:, :, None]) & valid[:, None]
        keep = valid
        for _ in range(MAX_PEOPLE):  # what a kept pose suppresses, from the highest on
            keep = valid & ~tf.reduce_any(beaten & keep[:, None], -1)
        return keep

    def _decode(self, number, data):
        pixels = tf_image.decode_image(number, data, self.estimator.max_pixels)
        return tf_image.whole_region(pixels)

    def _window(self, box):
        return Window.from_box(box, BOX_PADDING, self.estimator.size)


def _require_finite(values, name):
    """Fails, when the graph runs, if a value is NaN: no person would be found."""
    message = f"The {name} has returned NaN or infinity"
    return tf.debugging.check_numerics(values, message)


def _rows_spec(shape, dtype):
    """The signature of a function in `map_fn` that gives any number of rows."""
    return tf.RaggedTensorSpec((None, *shape), dtype, ragged_rank=0)


def _scatter(place, values, shape):
    """Puts rows at places of an array of zeros `(*shape, ...)`."""
    shape = tf.concat([shape, tf.shape(values, tf.int64)[1:]], 0)
    return tf.scatter_nd(place, values, shape)
