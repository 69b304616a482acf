"""Joints drawn as heatmaps and read back from them, on any backend of Keras.

A heatmap is `(..., height, width, joints)`; its grid's size is (width, height).
"""

from keras import ops

FLOOR = 1e-6  # of a heatmap's values before their logarithm is taken


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
            -0.5 * ops.square((_grid(length, points) - points[..., None, :, i]) / sigma)
        )
        for i, length in enumerate(size)
    )
    return ops.expand_dims(along, -2) * ops.expand_dims(across, -3)


def decode(heatmaps, offset: tuple[float, float] = (0, 0)):
    """Reads each joint: where its heatmap is highest, to a fraction of a pixel.

    The fraction is that of a Gaussian through the pixels around the highest one
    (Zhang et al. Distribution-Aware Coordinate Representation for Human Pose
    Estimation, CVPR 2020, https://arxiv.org/abs/1910.06278): exact where there is
    no noise, and at most half a pixel.

    Args:
        heatmaps: `(..., height, width, joints)`
        offset: (x, y), in heatmap pixels, that is added.

    Returns:
        points `(..., joints, 2)`, x before y, in heatmap pixels; and scores
        `(..., joints)`, the heights of the peaks.
    """
    *_, height, width, joints = heatmaps.shape
    flat = ops.moveaxis(ops.reshape(heatmaps, (-1, height * width, joints)), 1, 2)
    highest = ops.argmax(flat, axis=-1)
    scores = ops.max(flat, axis=-1)
    x, y = highest % width, highest // width
    # On the rim there is no pixel beyond: its inner neighbor stands in as center.
    cx, cy = ops.clip(x, 1, width - 2), ops.clip(y, 1, height - 2)

    def log_at(dx, dy):
        index = ((cy + dy) * width + cx + dx)[..., None]
        value = ops.take_along_axis(flat, index, axis=-1)[..., 0]
        return ops.log(ops.maximum(value, FLOOR))

    middle, east, west = log_at(0, 0), log_at(1, 0), log_at(-1, 0)
    south, north = log_at(0, 1), log_at(0, -1)
    slope_x, slope_y = (east - west) / 2, (south - north) / 2
    bend_x, bend_y = east + west - 2 * middle, south + north - 2 * middle
    twist = (log_at(1, 1) + log_at(-1, -1) - log_at(1, -1) - log_at(-1, 1)) / 4
    # Newton's step to the top, where the surface bends down in all directions.
    determinant = bend_x * bend_y - twist * twist
    top = (determinant > FLOOR) & (bend_x < 0)
    safe = ops.where(top, determinant, 1.0)
    step_x = ops.where(top, (twist * slope_y - bend_y * slope_x) / safe, 0.0)
    step_y = ops.where(top, (twist * slope_x - bend_x * slope_y) / safe, 0.0)

    def settle(peak, center, step):
        peak, center = (ops.cast(value, step.dtype) for value in (peak, center))
        return ops.clip(center + step, peak - 0.5, peak + 0.5)

    points = ops.stack([settle(x, cx, step_x), settle(y, cy, step_y)], axis=-1)
    points = points + ops.convert_to_tensor(offset, dtype=points.dtype)
    lead = ops.shape(heatmaps)[:-3]
    return ops.reshape(points, (*lead, joints, 2)), ops.reshape(scores, (*lead, joints))


def _grid(length, points):
    """`(length, 1)`: the places of a row's pixels, to set against all joints'."""
    return ops.arange(length, dtype=points.dtype)[:, None]
