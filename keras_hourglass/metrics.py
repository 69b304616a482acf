"""PCKh and PCK: percentages of correct keypoints, relative to the head or the box."""

import keras
from keras import ops

from keras_hourglass import skeletons
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.skeletons import Skeleton

NAN = float("nan")


@keras.saving.register_keras_serializable("keras_hourglass")
class PCKh(keras.metrics.Metric):
    """Computes the percentage of correct keypoints, from heatmaps and labels.

    The last stack's heatmaps are decoded. A keypoint is correct if its distance to the
    label is at most `threshold` times the reference length: the size of the head, or
    for a skeleton without a head (see `Skeleton.measure`) the longer side of the box,
    which makes it PCK. Joints count if their weight and reference length are above 0,
    also those outside the heatmap. The result is the mean weighted by count, without
    the skeleton's unscored joints (for MPII, pelvis and thorax): the convention of
    HRNet and MMPose.

    Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
    Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de

    Args:
        threshold: Largest error of a correct keypoint, in reference lengths. By
            default that of the skeleton's measure: 0.5 of the head, 0.1 of the box.
        skeleton: A `Skeleton`, its name ("mpii", "lsp" or "coco") or its configuration.
            By default, that of the `StackedHourglass` which is compiled with this
            metric; other models need it to be given.
        name: Of the metric; of two in one model, the names must differ.
        **kwargs: Arguments of `keras.metrics.Metric`.

    Attributes:
        skeleton: The `Skeleton`; None until it is known.
        threshold: As given, or else None until the skeleton is known.
        correct, count: `(joints,)`, correct and counted keypoints.
        unlabelled: Batches without a single labeled joint.

    Call arguments:
        y_true: Labels, `(batch, joints, 4)`: x, y (heatmap pixels), weight (0 to 1)
            and reference length (heatmap pixels).
        y_pred: Heatmaps, `(batch, stacks, height, width, joints)`.

    Raises:
        ValueError: If the skeleton is unknown or the threshold not above 0; on first
            use, if the skeleton was never given.

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

    model = kh.StackedHourglass(1, filters=8, depth=1, image_size=64)
    metrics = [kh.PCKh(), kh.PCKh(0.1, name="pckh01")]  # of the model's skeleton
    model.compile("adam", kh.HeatmapLoss(), metrics=metrics)
    ```
    """

    def __init__(
        self, threshold: float | None = None, skeleton=None, name="pckh", **kwargs
    ):
        super().__init__(name=name, **kwargs)
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
        self.correct = self.add_variable(shape, "zeros", name="correct")
        self.count = self.add_variable(shape, "zeros", name="count")
        self.peak_sum = self.add_variable(shape, "zeros", name="peak_sum")
        self.unlabelled = self.add_variable((), "zeros", name="unlabelled")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch. Sample weights are not used: labels have their own."""
        self._require_skeleton()
        keypoints, peak = decode(ops.convert_to_tensor(y_pred)[:, -1])
        points, weight, reference = unpack(ops.cast(y_true, keypoints.dtype))
        distance = ops.sqrt(ops.sum(ops.square(keypoints - points), axis=-1))
        counted = (weight > 0) & (reference > 0)
        correct = counted & (distance <= self.threshold * reference)
        peak = ops.where(counted, peak, 0)
        totals = [(self.correct, correct), (self.count, counted)]
        for total, values in [*totals, (self.peak_sum, peak)]:
            total.assign_add(ops.sum(ops.cast(values, total.dtype), axis=0))
        unlabelled = ops.logical_not(ops.any(weight > 0))
        self.unlabelled.assign_add(ops.cast(unlabelled, self.unlabelled.dtype))

    def result(self):
        """Returns the mean over the scored joints, in percent; 0 if none counted."""
        scored = self._require_skeleton().scored
        scored = ops.convert_to_tensor(scored, dtype="int32")
        correct = ops.sum(ops.take(self.correct, scored))
        count = ops.sum(ops.take(self.count, scored))
        return 100 * correct / ops.maximum(count, 1)

    def per_joint(self) -> list[float]:
        """Returns each joint's percentage; NaN where none counted."""
        self._require_skeleton()
        count = ops.convert_to_numpy(self.count)
        correct = ops.convert_to_numpy(self.correct)
        return [float(100 * c / n) if n else NAN for c, n in zip(correct, count)]

    def per_group(self) -> dict[str, float]:
        """Returns the percentage of each of the skeleton's groups.

        A group's is the mean of its joints'; without groups, each joint is one.
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
