"""What training minimizes: how far heatmaps are from the joints drawn exactly."""

import keras
from keras import ops

from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.heatmaps.labels import unpack


@keras.saving.register_keras_serializable("keras_hourglass")
class HeatmapLoss(keras.losses.Loss):
    """Squared error of the heatmaps of all stacks, summed over pixels.

    Summed, not averaged: a mean over thousands of pixels makes gradients so small
    that an optimizer's epsilon outweighs them. Of joints and people the mean is taken.

    Joints with weight 0 are left out, and so are those off the heatmap, of which
    nothing can be drawn.

    Args:
        sigma: Of the drawn Gaussians, in heatmap pixels.
        foreground: A pixel's error counts 1 + `foreground` * target times. Above 0
            it ends the plateau of all-zero heatmaps, on which light networks sit for
            thousands of steps.

    Call arguments:
        y_true: Labels, `(batch, joints, 4)`; see `labels.py`.
        y_pred: `(batch, stacks, height, width, joints)`
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
        weight = weight * ops.cast(
            inside_heatmap(points, (width, height)), weight.dtype
        )
        return ops.mean(weight * self.per_joint(target, y_pred), axis=-1)

    def per_joint(self, target, y_pred):
        """`(batch, joints)`: how far all stacks' heatmaps are from others.

        Args:
            target: `(batch, 1, height, width, joints)`
            y_pred: `(batch, stacks, height, width, joints)`
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
    """`(..., joints)`: whether a joint lies on one of the heatmap's pixels."""
    edge = ops.convert_to_tensor(size, dtype=points.dtype) - 0.5
    return ops.all((points >= -0.5) & (points <= edge), axis=-1)
