"""Test-time augmentation: heatmaps averaged over mirrored and scaled views.

The same lines run on tensors, in the compiled graph of the Keras runtime, and on
arrays, for the heatmaps of the others.
"""

import numpy as np

from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.runtimes.keypoint_options import validate_scales


class HeatmapAverage:
    """The views of crops that a network is run on, and the decoding of their heatmaps.

    Args:
        network: A `StackedHourglass`, or another network with its `heatmap_size`,
            `skeleton` and `offset`, which are read once, here.
        flip: Averages the heatmaps with those of the mirrored images (flip test).
        scales: Factors of the windows' edges, in the order of the crops; keypoints
            are in heatmap pixels of the unscaled window.
        decoder: A key of `heatmaps.DECODERS`.
        array_library: `keras.ops`, or `NUMPY`.
    """

    def __init__(
        self,
        network,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        decoder: str = DEFAULT_DECODER,
        array_library=NUMPY,
    ):
        self.flip, self.decoder = flip, validate_decoder(decoder)
        self.scales = MultiScale(scales, network.heatmap_size, array_library)
        self.flip_indices = network.skeleton.flip_indices
        x, y = network.offset
        # The offsets of a view and of its mirror image cancel in x.
        self.offset = (0, y) if flip else (x, y)
        self._xp = array_library

    def views(self, crops):
        """`(people, scales, height, width, 3)` -> `(views, height, width, 3)`."""
        views = self._xp.reshape(crops, (-1, *crops.shape[2:]))
        if self.flip:  # in one batch, so that the network is compiled once
            views = self._xp.concatenate([views, self._xp.flip(views, axis=2)])
        return views

    def decode(self, heatmaps):
        """Averages and decodes the heatmaps of `views`.

        Args:
            heatmaps: `(views, height, width, joints)`.

        Returns:
            points `(people, joints, 2)`, heatmap pixels; peaks `(people, joints)`.
        """
        if self.flip:
            heatmaps, mirrored = self._xp.split(heatmaps, 2)
            mirrored = self._xp.take(mirrored, self.flip_indices, axis=-1)
            heatmaps = (heatmaps + self._xp.flip(mirrored, axis=2)) / 2
        shape = (-1, len(self.scales.scales), *heatmaps.shape[1:])
        mean = self.scales.mean(self._xp.reshape(heatmaps, shape))
        return decode(mean, self.offset, self.decoder, self._xp)


class MultiScale:
    """Averages the heatmaps of larger and smaller windows on one grid.

    The windows share their center and aspect ratio, so the resampling weights are
    the same for all people, and rows and columns are resampled separately.

    Args:
        scales: Factors of the windows' edges.
        size: Width and height of the heatmaps.
        array_library: `keras.ops`, or `NUMPY`.

    Raises:
        ValueError: If `scales` are not one or more numbers above 0.
    """

    def __init__(
        self, scales: tuple[float, ...], size: tuple[int, int], array_library=NUMPY
    ):
        self.scales, self._xp = validate_scales(scales), array_library
        self.columns, self.rows = (
            np.stack([_resampling_weights(scale, length) for scale in self.scales])
            for length in size
        )
        coverage = np.einsum("sy,sx->yx", self.rows.sum(-1), self.columns.sum(-1))
        # Pixels outside of all windows stay 0.
        coverage = np.where(coverage > 0, coverage, 1)[..., None]
        self.coverage = coverage.astype("float32")

    def mean(self, heatmaps):
        """Averages, at each pixel, over the windows that cover it.

        Args:
            heatmaps: `(people, scales, height, width, joints)`

        Returns:
            `(people, height, width, joints)`, on the grid of the unscaled window.
        """
        if self.scales == (1,):
            return heatmaps[:, 0]
        xp = self._xp
        columns, rows, coverage = map(
            xp.convert_to_tensor, (self.columns, self.rows, self.coverage)
        )
        (_, scales, height, width, joints), weighted = heatmaps.shape, heatmaps
        flat = xp.reshape(weighted, (-1, scales, height, width * joints))
        weighted = xp.reshape(
            xp.matmul(rows, flat), (-1, scales, height, width, joints)
        )
        weighted = xp.matmul(columns[:, None], weighted)
        return xp.sum(weighted, axis=1) / coverage


def _resampling_weights(scale, length):
    """`(length, length)`: linear weights of a scaled row's pixels for each pixel."""
    points = np.stack([np.arange(length), np.zeros(length)], axis=-1)
    row = Window.from_rectangle(np.array([0.0, 0.0, length, 1.0]))
    points = row.scaled(scale).to_grid(row.to_image(points, (length, 1)), (length, 1))
    distance = np.abs(points[:, :1] - np.arange(length))
    return np.maximum(0, 1 - distance).astype("float32")
