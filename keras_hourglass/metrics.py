"""PCKh: the share of joints that are found within a part of the head's size."""

import keras
from keras import ops

from keras_hourglass import skeletons
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.labels import unpack


@keras.saving.register_keras_serializable("keras_hourglass")
class PCKh(keras.metrics.Metric):
    """Percentage of correct keypoints, measured against the head, in percent.

    Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
    Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de

    The last stack is decoded. A joint counts where its weight is above 0 and its
    reference length is known. The result is the mean weighted by count, without the
    skeleton's unscored joints, errors at the threshold counting as correct: the
    convention of HRNet and MMPose.

    Args:
        threshold: Largest error of a correct joint, in reference lengths.
        skeleton: Whose joints these are; see `StackedHourglass`.

    Attributes:
        unlabelled: Batches in which not one joint was labelled.
    """

    def __init__(self, threshold: float = 0.5, skeleton="mpii", name="pckh", **kwargs):
        super().__init__(name=name, **kwargs)
        self.threshold, self.skeleton = threshold, skeletons.get(skeleton)
        shape = (len(self.skeleton.joints),)
        self.correct = self.add_variable(shape, "zeros", name="correct")
        self.count = self.add_variable(shape, "zeros", name="count")
        self.peak_sum = self.add_variable(shape, "zeros", name="peak_sum")
        self.unlabelled = self.add_variable((), "zeros", name="unlabelled")

    def update_state(self, y_true, y_pred, sample_weight=None):
        found, height = decode(ops.convert_to_tensor(y_pred)[:, -1])
        points, weight, reference = unpack(ops.cast(y_true, found.dtype))
        distance = ops.sqrt(ops.sum(ops.square(found - points), axis=-1))
        counted = (weight > 0) & (reference > 0)
        correct = counted & (distance <= self.threshold * reference)
        heights = ops.where(counted, height, 0)
        totals = [(self.correct, correct), (self.count, counted)]
        for total, seen in [*totals, (self.peak_sum, heights)]:
            total.assign_add(ops.sum(ops.cast(seen, total.dtype), axis=0))
        nobody = ops.logical_not(ops.any(weight > 0))
        self.unlabelled.assign_add(ops.cast(nobody, self.unlabelled.dtype))

    def result(self):
        scored = ops.convert_to_tensor(self.skeleton.scored, dtype="int32")
        correct = ops.sum(ops.take(self.correct, scored))
        count = ops.sum(ops.take(self.count, scored))
        return 100 * correct / ops.maximum(count, 1)

    def per_joint(self):
        """`(joints,)`, percent; NaN where a joint was never seen."""
        count = ops.convert_to_numpy(self.count)
        correct = ops.convert_to_numpy(self.correct)
        return [100 * c / n if n else float("nan") for c, n in zip(correct, count)]

    def mean_peak(self) -> float:
        """How high the heatmaps' peaks are, of joints that count; NaN without any."""
        count = float(ops.sum(self.count))
        return float(ops.sum(self.peak_sum)) / count if count else float("nan")

    def get_config(self):
        return {
            **super().get_config(),
            "threshold": self.threshold,
            "skeleton": self.skeleton.get_config(),
        }
