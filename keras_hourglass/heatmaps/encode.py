"""Joints drawn as heatmaps."""

from keras import ops


def encode(points, size: tuple[int, int], sigma: float):
    """Draws each joint as a Gaussian with peak 1, at its exact sub-pixel place.

    Args:
        points: `(..., joints, 2)`, x before y, in heatmap pixels.
        size: Width and height of the heatmaps.
        sigma: Standard deviation, in heatmap pixels.

    Returns:
        `(..., height, width, joints)`
    """
    across, along = (
        ops.exp(
            -0.5
            * ops.square(
                (_pixel_centers(length, points) - points[..., None, :, i]) / sigma
            )
        )
        for i, length in enumerate(size)
    )
    return ops.expand_dims(along, -2) * ops.expand_dims(across, -3)


def _pixel_centers(length, points):
    """`(length, 1)`: the places of a row's pixels, to set against all joints'."""
    return ops.arange(length, dtype=points.dtype)[:, None]
