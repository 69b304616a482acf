"""Heatmaps of larger and smaller windows around the same middle, laid on one grid."""

import numpy as np
from keras import ops

from keras_hourglass.geometry import Crop


class Scales:
    """What lays heatmaps of scaled windows on the grid of the unscaled one.

    The windows share their middle and their aspect, so that where a pixel of one grid
    lies on the other is the same for everybody, and each axis can be seen to alone.

    Args:
        scales: What the edges of the windows are multiplied by.
        size: Width and height of the heatmaps.

    Raises:
        ValueError: If there is none, or one is not above 0.
    """

    def __init__(self, scales: tuple[float, ...], size: tuple[int, int]):
        scales = tuple(scales)
        if not scales or not all(0 < scale < np.inf for scale in scales):
            raise ValueError(
                "`scales` must be one or more numbers above 0. "
                f"Received: scales={scales}"
            )
        self.scales = scales
        self.across, self.along = (
            np.stack([_weights(scale, length) for scale in scales]) for length in size
        )
        seen = np.einsum("sy,sx->yx", self.along.sum(-1), self.across.sum(-1))
        # Nobody sees what lies outside of all windows: it stays 0.
        self.seen = np.where(seen > 0, seen, 1)[..., None].astype("float32")

    def mean(self, heatmaps):
        """The mean, at each pixel, over the windows that see it.

        Args:
            heatmaps: `(people, scales, height, width, joints)`

        Returns:
            `(people, height, width, joints)`
        """
        if self.scales == (1,):
            return heatmaps[:, 0]
        across, along, seen = map(
            ops.convert_to_tensor, (self.across, self.along, self.seen)
        )
        rows = ops.einsum("syk,pskxj->psyxj", along, heatmaps)
        return ops.einsum("sxk,psykj->pyxj", across, rows) / seen


def _weights(scale, length):
    """`(length, length)`: how much of each pixel of a scaled row lies on each pixel."""
    places = np.stack([np.arange(length), np.zeros(length)], axis=-1)
    row = Crop.of_rectangle(np.array([0.0, 0.0, length, 1.0]))
    place = row.scaled(scale).to_grid(row.to_image(places, (length, 1)), (length, 1))
    distance = np.abs(place[:, :1] - np.arange(length))
    return np.maximum(0, 1 - distance).astype("float32")
