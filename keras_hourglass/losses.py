"""Training loss: squared error between predicted and encoded heatmaps."""

import keras
from keras import ops

from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.heatmaps.labels import unpack


@keras.saving.register_keras_serializable("keras_hourglass")
class HeatmapLoss(keras.losses.Loss):
    """Computes the squared error of all stacks' heatmaps, summed over pixels.

    Targets are Gaussians with peak 1, drawn at the exact sub-pixel positions of the
    labels. The error is summed over pixels and stacks, and averaged over joints and
    people: a mean over thousands of pixels would make gradients so small that an
    optimizer's epsilon outweighs them. Each joint's error is multiplied by its weight.
    Joints with weight 0, and those outside the heatmap, are left out.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937

    Args:
        sigma: Standard deviation of the target Gaussians, in heatmap pixels.
        foreground: A pixel's error is multiplied by 1 + `foreground` * target. Values
            above 0 (say, 9) shorten the plateau of all-zero heatmaps, on which light
            networks stay for thousands of steps.
        name: Of the loss.
        **kwargs: Arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: Labels, `(batch, joints, 4)`: x, y (heatmap pixels), weight (0 to 1)
            and reference length (heatmap pixels, not used here).
        y_pred: Heatmaps, `(batch, stacks, height, width, joints)`.

    Raises:
        ValueError: If `sigma` is not positive, or `foreground` is negative.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    loss = kh.HeatmapLoss(foreground=9)
    labels = np.array([[[3.0, 2.0, 1.0, 5.0]]])  # one person with one joint
    heatmaps = np.zeros((1, 2, 6, 8, 1))  # two stacks, 8 x 6 pixels
    print(float(loss(labels, heatmaps)))
    ```
    """

    def __init__(
        self, sigma: float = 1.0, foreground: float = 0.0, name="heatmap_loss", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        if sigma <= 0 or foreground < 0:
            raise ValueError(
                "`sigma` must be positive and `foreground` at least 0. "
                f"Received: sigma={sigma}, foreground={foreground}"
            )
        self.sigma, self.foreground = sigma, foreground

    def call(self, y_true, y_pred):
        height, width = y_pred.shape[2:4]
        points, weight, _ = unpack(y_true)
        target = encode(points, (width, height), self.sigma)[:, None]
        inside = inside_heatmap(points, (width, height))
        weight = weight * ops.cast(inside, weight.dtype)
        return ops.mean(weight * self.per_joint(target, y_pred), axis=-1)

    def per_joint(self, target, y_pred):
        """Computes the error of each joint, summed over stacks and pixels.

        Args:
            target: `(batch, 1, height, width, joints)`.
            y_pred: `(batch, stacks, height, width, joints)`.

        Returns:
            `(batch, joints)`.
        """
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
