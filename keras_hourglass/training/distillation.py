"""Distillation: training a network with the heatmaps of a larger one.

Zhang, Zhu, Ye. Fast Human Pose Estimation, CVPR 2019.
https://arxiv.org/abs/1811.05419
"""

from keras import ops

from keras_hourglass.heatmaps.label_tensors import weights_of_joints
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.models.stacked_hourglass import StackedHourglass


def add_distillation_loss(
    student: StackedHourglass,
    teacher: StackedHourglass,
    weight: float,
    loss: HeatmapLoss,
):
    """Makes `fit` minimize (1 - weight) * label loss + weight * teacher loss.

    The teacher's last stack supervises all stacks of the student, on every joint, also
    on those without a label: a gain where datasets label only some joints. Sample
    weights apply to both losses. Validation uses the labels alone.

    The teacher predicts on the images of each batch. It is no part of the student, nor
    of the student's files.

    Args:
        student: Network to train, compiled or not.
        teacher: Trained network; its number of stacks does not matter.
        weight: Share of the teacher in the loss, 0 to 1.
        loss: Compares heatmaps.

    Raises:
        ValueError: If the two differ in joints or image size, or the teacher has an
            `offset`.
    """
    if teacher.skeleton.joints != student.skeleton.joints:
        raise ValueError(
            "`teacher` must have the joints of the student: "
            f"{list(student.skeleton.joints)}. "
            f"Received: joints={list(teacher.skeleton.joints)}"
        )
    if teacher.image_size != student.image_size:
        raise ValueError(
            f"`teacher` must have the image size of the student, {student.image_size} "
            f"(height, width). Received: image_size={teacher.image_size}"
        )
    if any(teacher.offset):  # only decoding adds it, not the heatmaps
        raise ValueError(
            "`teacher` must have no offset, which labels do not have. "
            f"Received: offset={teacher.offset}"
        )
    teacher.trainable = False
    label_loss = student.compute_loss

    def compute_loss(
        x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):  # the signature of Keras
        total = label_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return total
        heatmaps = ops.stop_gradient(teacher(x, training=False)[:, -1:])
        # Negative values carry nothing, and would lower the weight of their pixels.
        heatmaps = ops.cast(ops.maximum(heatmaps, 0), loss.dtype)
        errors = loss.per_joint(heatmaps, y_pred)
        if sample_weight is not None:
            errors = errors * weights_of_joints(sample_weight, errors)
        teacher_loss = ops.mean(errors)
        # TensorFlow sums over its devices; Keras has divided `total` already.
        strategy = getattr(student, "distribute_strategy", None)
        teacher_loss /= getattr(strategy, "num_replicas_in_sync", 1)
        return (1 - weight) * total + weight * teacher_loss

    # On the object, not in a subclass: the student's files name its class.
    student.compute_loss = compute_loss
