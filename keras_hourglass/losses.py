"""Training loss: squared error between predicted and encoded heatmaps."""

import keras
from keras import ops

from keras_hourglass.heatmaps.boxes import CHANNELS, DISTANCES, encode_boxes
from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.heatmaps.label_tensors import (
    label_dtype,
    weights_of_joints,
    zero_labels,
)
from keras_hourglass.heatmaps.labels import unpack


@keras.saving.register_keras_serializable("keras_hourglass")
class HeatmapLoss(keras.losses.Loss):
    """Computes the squared error of all stacks' heatmaps, summed over pixels.

    Targets are Gaussians with peak 1, drawn at the exact sub-pixel positions of the
    labels. The error is summed over pixels and stacks, and averaged over joints and
    people: a mean over thousands of pixels would make gradients so small that an
    optimizer's epsilon outweighs them. Each joint's error is multiplied by its weight.
    Joints with weight 0, and those outside the heatmap, are left out: neither the loss
    nor its gradient depends on their positions, NaN and infinity included. A position
    that is NaN where the weight is not 0 makes the loss NaN.

    Sample weights of `fit` multiply the weights of the labels: those of people apply to
    all of a person's joints.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937

    Args:
        sigma: Standard deviation of the target Gaussians, in heatmap pixels.
        foreground: A pixel's error is multiplied by 1 + `foreground` * target. Values
            above 0 (say, 9) shorten the plateau of all-zero heatmaps, on which light
            networks stay for thousands of steps.
        name: Of the loss.
        **kwargs: Arguments of `keras.losses.Loss`. `reduction`: "sum_over_batch_size"
            and "mean" average over joints and people, "mean_with_sample_weight" by
            their sample weights, "sum" averages over joints and sums over people, None
            gives `(batch, joints)`. `dtype`: at least float32 by default.

    Call arguments:
        y_true: Labels, `(batch, joints, 4)`: x, y (heatmap pixels), weight (0 to 1)
            and reference length (heatmap pixels, not used here).
        y_pred: Heatmaps, `(batch, stacks, height, width, joints)`.
        sample_weight: None, or weights of people, `(batch,)` or `(batch, 1)`, or of
            people's joints, `(batch, joints)`.

    Raises:
        ValueError: If `sigma` is not positive, or `foreground` is negative; from a
            call, if `sample_weight` has another shape.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    loss = kh.HeatmapLoss(foreground=9)
    labels = np.array([[[3.0, 2.0, 1.0, 5.0]]])  # one person with one joint
    heatmaps = np.zeros((1, 2, 6, 8, 1))  # two stacks, 8 x 6 pixels
    print(float(loss(labels, heatmaps)))
    print(float(loss(labels, heatmaps, sample_weight=[0.5])))  # half as much
    ```
    """

    def __init__(
        self, sigma: float = 1.0, foreground: float = 0.0, name="heatmap_loss", **kwargs
    ):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if sigma <= 0 or foreground < 0:
            raise ValueError(
                "`sigma` must be positive and `foreground` at least 0. "
                f"Received: sigma={sigma}, foreground={foreground}"
            )
        self.sigma, self.foreground = sigma, foreground

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        if sample_weight is not None:
            sample_weight = weights_of_joints(sample_weight, y_true[..., 2])
            y_true = zero_labels(y_true, sample_weight == 0)
        loss = super().__call__(y_true, y_pred, sample_weight)
        return loss / y_pred.shape[-1] if self.reduction == "sum" else loss

    def call(self, y_true, y_pred):
        height, width = y_pred.shape[2:4]
        points, weight, _ = unpack(zero_labels(y_true, y_true[..., 2] == 0))
        target = encode(points, (width, height), self.sigma)[:, None]
        inside = inside_heatmap(points, (width, height))
        weight = weight * ops.cast(inside, weight.dtype)
        return weight * self.per_joint(target, y_pred)

    def per_joint(self, target, y_pred):
        """Computes the error of each joint, summed over stacks and pixels.

        Args:
            target: `(batch, 1, height, width, joints)`.
            y_pred: `(batch, stacks, height, width, joints)`.

        Returns:
            `(batch, joints)`.
        """
        y_pred = ops.cast(y_pred, self.dtype)
        error = ops.square(y_pred - target) * (1 + self.foreground * target)
        return ops.sum(error, axis=(1, 2, 3))

    def get_config(self):
        return {
            **super().get_config(),
            "sigma": self.sigma,
            "foreground": self.foreground,
        }


def inside_heatmap(points, size: tuple[int, int]):
    """Tests whether points lie on one of a heatmap's pixels.

    Args:
        points: `(..., joints, 2)`, x before y, in heatmap pixels.
        size: Width and height of the heatmap.

    Returns:
        `(..., joints)`, bool.
    """
    edge = ops.convert_to_tensor(size, dtype=points.dtype) - 0.5
    return ops.all((points >= -0.5) & (points <= edge), axis=-1)


@keras.saving.register_keras_serializable("keras_hourglass")
class CenterLoss(keras.losses.Loss):
    """Computes the loss of a `PersonDetector`: of people's middles, and of their boxes.

    Middles: the focal loss of Zhou et al., Objects as Points, 2019,
    https://arxiv.org/abs/1904.07850. Boxes: the generalized intersection over union of
    Rezatofighi et al., CVPR 2019, https://arxiv.org/abs/1902.09630, at the pixels
    around a middle. Both are summed over pixels and stacks, and divided by the people
    of a photograph, on the average of the batch. Nothing is trained where an ignored
    area lies.

    Args:
        box_weight: Factor of the boxes' part.
        name: Of the loss.
        **kwargs: Arguments of `keras.losses.Loss`. `dtype`: at least float32 by
            default.

    Call arguments:
        y_true: Labels, `(batch, rows, 5)`: x, y, width, height (heatmap pixels), weight
            (1 a person, -1 an ignored area, 0 an empty row).
        y_pred: Maps, `(batch, stacks, height, width, 5)`.
        sample_weight: None, or weights of photographs, `(batch,)`.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    labels = np.array([[[3.0, 2.0, 4.0, 6.0, 1.0]]])  # a photograph of one person
    maps = np.zeros((1, 1, 16, 16, 5))
    print(float(kh.CenterLoss()(labels, maps)))
    ```
    """

    def __init__(self, box_weight: float = 5.0, name="center_loss", **kwargs):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if not box_weight >= 0:
            raise ValueError(
                f"`box_weight` must be at least 0. Received: box_weight={box_weight}"
            )
        self.box_weight = box_weight

    def call(self, y_true, y_pred):
        height, width = y_pred.shape[2:4]
        targets = encode_boxes(y_true, (width, height))
        batch = ops.cast(ops.shape(y_true)[0], y_pred.dtype)
        total = 0
        for stack in range(y_pred.shape[1]):
            maps = y_pred[:, stack]
            centers = _focal_loss(targets.centers, maps[..., 0])
            centers = ops.where(targets.trained, centers, 0)
            boxes = 1 - _generalized_iou(targets.boxes, maps[..., 1:CHANNELS])
            boxes = ops.where(targets.weights > 0, targets.weights * boxes, 0)
            total += ops.sum(centers + self.box_weight * boxes, axis=(1, 2))
        return total * batch / targets.count

    def get_config(self):
        return {**super().get_config(), "box_weight": self.box_weight}


def _focal_loss(target, logit):
    """Computes the focal loss of pixels; those near a middle count less as empty."""
    log_p, log_q = ops.log_sigmoid(logit), ops.log_sigmoid(-logit)
    p, q = ops.exp(log_p), ops.exp(log_q)
    empty = (1 - target) ** 4 * p**2 * log_q
    return -ops.where(target == 1, q**2 * log_p, empty)


def _generalized_iou(target, logs):
    """Computes it for boxes of distances, and of their logarithms, `(..., 4)`."""
    predicted = ops.exp(ops.clip(logs, *DISTANCES))
    target = ops.maximum(target, 0)
    # Distances to two opposite sides: those of left and top, of right and bottom.
    both = ops.minimum(target, predicted)
    both = ops.prod(both[..., :2] + both[..., 2:], axis=-1)
    hull = ops.maximum(target, predicted)
    hull = ops.prod(hull[..., :2] + hull[..., 2:], axis=-1)
    areas = [ops.prod(d[..., :2] + d[..., 2:], axis=-1) for d in (target, predicted)]
    union = ops.maximum(sum(areas) - both, 1e-6)
    return both / union - (hull - union) / ops.maximum(hull, 1e-6)
