"""Joints read from heatmaps: the highest pixel, and what a decoder adds to it."""

from keras import ops

from keras_hourglass.heatmaps.decoders import DECODERS, DEFAULT, checked
from keras_hourglass.heatmaps.peaks import Peaks


def decode(heatmaps, offset: tuple[float, float] = (0, 0), decoder: str = DEFAULT):
    """Reads each joint: where its heatmap is highest, to a fraction of a pixel.

    Args:
        heatmaps: `(..., height, width, joints)`
        offset: (x, y), in heatmap pixels, that is added.
        decoder: A key of `DECODERS`: how the fraction is found, half a pixel at most.

    Returns:
        points `(..., joints, 2)`, x before y, in heatmap pixels; and scores
        `(..., joints)`, the heights of the peaks.

    Raises:
        ValueError: If there is no such decoder.
    """
    chosen = DECODERS[checked(decoder)]
    *_, height, width, joints = heatmaps.shape
    maps = ops.reshape(heatmaps, (-1, height, width, joints))
    scores = ops.max(maps, axis=(1, 2))
    peaks = Peaks(maps, chosen.smooth and chosen.smooth(maps))
    points = ops.stack([*peaks.settled(*chosen.step(peaks))], axis=-1)
    points = points + ops.convert_to_tensor(offset, dtype=points.dtype)
    lead = ops.shape(heatmaps)[:-3]
    return ops.reshape(points, (*lead, joints, 2)), ops.reshape(scores, (*lead, joints))
