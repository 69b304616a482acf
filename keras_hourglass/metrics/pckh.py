"""PCKh and PCK: percentages of correct keypoints, relative to the head or the box."""

import keras
from keras import ops

from keras_hourglass import skeletons
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.label_tensors import label_dtype, weights_of_joints
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.skeletons.measures import is_correct

NAN = float("nan")


@keras.saving.register_keras_serializable("keras_hourglass")
class PCKh(keras.metrics.Metric):
    """Computes the percentage of correct keypoints, from heatmaps and labels.

    The last stack's heatmaps are decoded. A keypoint is correct if its distance to the
    label is at most `threshold` times the reference length, within a relative rounding
    of 5e-6. The reference length is the size of the head, or for a skeleton without a
    head (see `Skeleton.measure`) the longer side of the box: PCK. Joints count if
    their weight and reference length are above 0, also those outside the heatmap,
    however far, which are wrong. The result is the mean weighted by count, without the
    skeleton's unscored joints (for MPII, pelvis and thorax): the convention of HRNet
    and MMPose.

    Among the `weighted_metrics` of `compile`, joints count by their sample weights.

    Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
    Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de

    Args:
        threshold: Largest error of a correct keypoint, in reference lengths. By
            default that of the skeleton's measure: 0.5 of the head, 0.1 of the box.
        skeleton: A `Skeleton`, its name ("mpii", "lsp" or "coco") or its configuration.
            By default, that of the `StackedHourglass` which is compiled with this
            metric; other models need it to be given.
        name: Of the metric; of two in one model, the names must differ.
        **kwargs: Arguments of `keras.metrics.Metric`. `dtype` is at least float32 by
            default.

    Attributes:
        skeleton: The `Skeleton`; None until it is known.
        threshold: As given, or else None until the skeleton is known.
        correct, count: `(joints,)`, correct and counted keypoints, by their sample
            weights where there are any.
        unlabelled: Batches without a single labeled joint.

    Call arguments:
        y_true: Labels, `(batch, joints, 4)`: x, y (heatmap pixels), weight (0 to 1)
            and reference length (heatmap pixels).
        y_pred: Heatmaps, `(batch, stacks, height, width, joints)`.
        sample_weight: None, or weights of people, `(batch,)` or `(batch, 1)`, or of
            people's joints, `(batch, joints)`.

    Raises:
        ValueError: If the skeleton is unknown or the threshold not above 0; on first
            use, if the skeleton was never given, or `sample_weight` has another shape.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    metric = kh.PCKh(threshold=0.5, skeleton="coco")
    labels = np.full((1, 17, 4), (5.0, 3.0, 1.0, 4.0))  # all joints at (5, 3)
    heatmaps = np.zeros((1, 1, 16, 16, 17))
    heatmaps[:, :, 3, 5, :] = 1
    metric.update_state(labels, heatmaps)
    print(float(metric.result()))  # 100.0
    print(metric.per_group()["Wrist"])  # 100.0
    metric.update_state(labels, heatmaps[..., ::-1, :], sample_weight=[3])
    print(float(metric.result()))  # 25.0

    model = kh.StackedHourglass(1, filters=8, depth=1, image_size=64)
    metrics = [kh.PCKh(), kh.PCKh(0.1, name="pckh01")]  # of the model's skeleton
    model.compile("adam", kh.HeatmapLoss(), metrics=metrics)
    ```
    """

    def __init__(
        self, threshold: float | None = None, skeleton=None, name="pckh", **kwargs
    ):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if threshold is not None and not threshold > 0:
            raise ValueError(
                f"`threshold` must be above 0. Received: threshold={threshold!r}"
            )
        self.threshold, self.skeleton = threshold, None
        if skeleton is not None:
            self.bind(skeleton)

    def bind(self, skeleton):
        """Sets the skeleton of a metric that has none, and creates its variables.

        Args:
            skeleton: A `Skeleton`, its name or its configuration.

        Raises:
            ValueError: If the metric has another skeleton already.
        """
        skeleton = skeletons.get(skeleton)
        if self.skeleton is not None:
            if self.skeleton != skeleton:
                raise ValueError(
                    "`skeleton` must be that of the metric, whose counts are per "
                    f"joint: {self.skeleton.joints}. "
                    f"Received: skeleton={skeleton.joints}"
                )
            return
        if self.threshold is None:
            self.threshold = skeleton.measure.threshold
        self.skeleton, shape = skeleton, (len(skeleton.joints),)
        self.correct = self.add_variable(shape, "zeros", self.dtype, name="correct")
        self.count = self.add_variable(shape, "zeros", self.dtype, name="count")
        self.peak_sum = self.add_variable(shape, "zeros", self.dtype, name="peak_sum")
        self.unlabelled = self.add_variable((), "zeros", self.dtype, name="unlabelled")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch, each joint as often as its sample weight says."""
        self._require_skeleton()
        y_pred = ops.cast(ops.convert_to_tensor(y_pred)[:, -1], self.dtype)
        keypoints, peak = decode(y_pred)
        points, weight, reference = unpack(ops.cast(y_true, self.dtype))
        distance = ops.sqrt(ops.sum(ops.square(keypoints - points), axis=-1))
        counted = (weight > 0) & (reference > 0)
        times = ops.ones_like(weight)
        if sample_weight is not None:
            times = weights_of_joints(sample_weight, weight)
            counted = counted & (times > 0)
        correct = counted & is_correct(distance, self.threshold * reference)
        totals = [
            (self.correct, correct, times),
            (self.count, counted, times),
            (self.peak_sum, counted, times * peak),
        ]
        for total, chosen, values in totals:
            total.assign_add(ops.sum(ops.where(chosen, values, 0), axis=0))
        unlabelled = ops.logical_not(ops.any(weight > 0))
        self.unlabelled.assign_add(ops.cast(unlabelled, self.unlabelled.dtype))

    def result(self):
        """Returns the mean over the scored joints, in percent; 0 if none counted."""
        scored = self._require_skeleton().scored
        scored = ops.convert_to_tensor(scored, dtype="int32")
        correct = ops.sum(ops.take(self.correct, scored))
        count = ops.sum(ops.take(self.count, scored))
        return ops.divide_no_nan(100 * correct, count)

    def per_joint(self) -> list[float]:
        """Returns each joint's percentage; NaN where none counted."""
        self._require_skeleton()
        count = ops.convert_to_numpy(self.count)
        correct = ops.convert_to_numpy(self.correct)
        return [float(100 * c / n) if n else NAN for c, n in zip(correct, count)]

    def per_group(self) -> dict[str, float]:
        """Returns the percentage of each of the skeleton's groups.

        A group's is the mean of its joints'; without groups, each joint is one. Errors
        exactly at the threshold are correct, as for the whole metric; in the columns of
        `evaluate`, which are of the paper's convention, they are not.
        """
        skeleton, rates = self._require_skeleton(), self.per_joint()
        groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
        return {
            group: sum(rates[i] for i in skeleton.indices(names)) / len(names)
            for group, names in groups.items()
        }

    def mean_peak(self) -> float:
        """Returns the mean of the heatmaps' highest values at joints that count.

        It is near 1 for a trained network, and near 0 for one that predicts empty
        heatmaps; NaN where no joint counted.
        """
        self._require_skeleton()
        count = float(ops.sum(self.count))
        return float(ops.sum(self.peak_sum)) / count if count else NAN

    def get_config(self):
        skeleton = None if self.skeleton is None else self.skeleton.get_config()
        return {
            **super().get_config(),
            "threshold": self.threshold,
            "skeleton": skeleton,
        }

    def _require_skeleton(self) -> Skeleton:
        if self.skeleton is None:
            raise ValueError(
                "`skeleton` must be given, as PCKh(skeleton=...), unless a "
                "StackedHourglass is compiled with the metric. Received: skeleton=None"
            )
        return self.skeleton
