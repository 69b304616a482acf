"""Loss of joints: the squared error between predicted and encoded heatmaps."""

import keras
from keras import ops

from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.heatmaps.label_tensors import (
    label_dtype,
    weights_of_joints,
    zero_labels,
)
from keras_hourglass.heatmaps.labels import unpack

OUTSIDE_CHOICES = ("ignore", "empty")


@keras.saving.register_keras_serializable("keras_hourglass")
class HeatmapLoss(keras.losses.Loss):
    """Computes the squared error of all stacks' heatmaps, summed over pixels.

    Targets are Gaussians with peak 1, drawn at the exact sub-pixel positions of the
    labels. The error is summed over pixels and stacks, and averaged over joints and
    people: a mean over thousands of pixels would make gradients so small that an
    optimizer's epsilon outweighs them. Each joint's error is multiplied by its weight.
    Joints with weight 0 are left out: neither the loss nor its gradient depends on
    their positions, NaN and infinity included. Those outside the heatmap are left out,
    too, or have an empty heatmap as their target, so that they get a low score. A
    position that is NaN where the weight is not 0 makes the loss NaN.

    Sample weights of `fit` multiply the weights of the labels: those of people apply to
    all of a person's joints.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937

    Args:
        sigma: Standard deviation of the target Gaussians, in heatmap pixels.
        foreground: A pixel's error is multiplied by 1 + `foreground` * target. Values
            above 0 (say, 9) shorten the plateau of all-zero heatmaps, on which light
            networks stay for thousands of steps.
        outside: Joints outside the heatmap: "ignore" leaves them out, "empty" trains
            them to an empty heatmap.
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
        ValueError: If `sigma` is not positive, `foreground` is negative, or `outside`
            is unknown; from a call, if `sample_weight` has another shape.

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

    takes_labels = True  # `fit` checks them

    def __init__(
        self,
        sigma: float = 1.0,
        foreground: float = 0.0,
        outside: str = "ignore",
        name="heatmap_loss",
        **kwargs,
    ):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if sigma <= 0 or foreground < 0:
            raise ValueError(
                "`sigma` must be positive and `foreground` at least 0. "
                f"Received: sigma={sigma}, foreground={foreground}"
            )
        if outside not in OUTSIDE_CHOICES:
            raise ValueError(
                f"`outside` must be 'ignore' or 'empty'. Received: outside={outside!r}"
            )
        self.sigma, self.foreground, self.outside = sigma, foreground, outside

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
        inside = ops.cast(inside_heatmap(points, (width, height)), weight.dtype)
        if self.outside == "ignore":
            weight = weight * inside
        else:
            target = target * inside[:, None, None, None]
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
            "outside": self.outside,
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
