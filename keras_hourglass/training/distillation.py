"""Distillation: a trained network guides a lighter one through its heatmaps.

Zhang, Zhu, Ye. Fast Human Pose Estimation, CVPR 2019.
https://arxiv.org/abs/1811.05419
"""

from keras import ops

from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.models.stacked_hourglass import StackedHourglass


def add_distillation_loss(
    student: StackedHourglass,
    teacher: StackedHourglass,
    weight: float,
    loss: HeatmapLoss,
):
    """Makes `fit` of the student minimize (1 - weight) * truth + weight * guidance.

    The teacher's last stack guides all stacks of the student, on every joint, also on
    those without a label: where only some joints are annotated, or labels come from
    another network with many left out, that is a gain. Validation looks at the truth
    alone.

    The teacher runs on the images of each batch and is no part of the student: the
    student's files hold nothing of it.

    Args:
        student: What to train; before it is compiled, or after.
        teacher: What it learns from; its number of stacks is its own affair.
        weight: Share of the guidance, 0 to 1.
        loss: How heatmaps are compared.

    Raises:
        ValueError: If the two differ in joints or in the size of their heatmaps.
    """
    if teacher.skeleton.joints != student.skeleton.joints:
        raise ValueError(
            "`teacher` must have the joints of the student: "
            f"{list(student.skeleton.joints)}. "
            f"Received: joints={list(teacher.skeleton.joints)}"
        )
    if teacher.image_size != student.image_size:
        raise ValueError(
            f"`teacher` must see images of the student's size, {student.image_size} "
            f"(height, width). Received: image_size={teacher.image_size}"
        )
    teacher.trainable = False
    truth = student.compute_loss

    def compute_loss(
        x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):  # as Keras calls it
        total = truth(x, y, y_pred, sample_weight, training)
        if not training:
            return total
        heatmaps = ops.stop_gradient(teacher(x, training=False)[:, -1:])
        # Below 0 there is nothing to learn, and a pixel would weigh less than others.
        guidance = ops.mean(loss.per_joint(ops.maximum(heatmaps, 0), y_pred))
        # TensorFlow adds up what its devices return; Keras has shared `total` out.
        shares = getattr(student, "distribute_strategy", None)
        guidance /= getattr(shares, "num_replicas_in_sync", 1)
        return (1 - weight) * total + weight * guidance

    # Of this object alone, not a subclass: files of the student name a plain class.
    student.compute_loss = compute_loss
