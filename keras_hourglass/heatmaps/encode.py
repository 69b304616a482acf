"""Encoding of joints as heatmaps."""

from keras import ops


def encode(points, size: tuple[int, int], sigma: float):
    """Encodes each joint as a Gaussian with peak 1, at its exact sub-pixel position.

    Args:
        points: `(..., joints, 2)`, x before y, in heatmap pixels.
        size: Width and height of the heatmaps.
        sigma: Standard deviation, in heatmap pixels.

    Returns:
        `(..., height, width, joints)`.
    """
    columns, rows = (
        _gaussian(points[..., None, :, axis], length, sigma)
        for axis, length in enumerate(size)
    )
    return ops.expand_dims(rows, -2) * ops.expand_dims(columns, -3)


def _gaussian(positions, length, sigma):
    """Samples `(..., length, joints)` of Gaussians around positions on one axis."""
    pixels = ops.arange(length, dtype=positions.dtype)[:, None]
    return ops.exp(-0.5 * ops.square((pixels - positions) / sigma))
