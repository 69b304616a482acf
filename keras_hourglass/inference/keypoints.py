"""Keypoint prediction: network, flip test, multi-scale averaging and decoding.

All of it is one Keras model, `KeypointPredictor`, so that only keypoints leave the
device. It works on crops of the network's size; `PoseEstimator` makes the crops.
"""

from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
from keras import ops

from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.models.torch_threads import spared_core
from keras_hourglass.utils import suggest

ON_BROKEN_IMAGE = ("error", "skip")


@dataclass(frozen=True)
class KeypointOptions:
    """Options of keypoint prediction that evaluation and the command share.

    Args:
        flip: Averages the heatmaps with those of the mirrored image (flip test).
        decoder: A key of `heatmaps.DECODERS`.
        batch_size: People per call of the network.
        broken: What to do with an image that cannot be read: "error" or "skip".

    Raises:
        ValueError: If a value is none of these.
    """

    flip: bool = False
    decoder: str = DEFAULT_DECODER
    batch_size: int = 8
    broken: str = "error"

    def __post_init__(self):
        validate_decoder(self.decoder)
        validate_positive_integers(batch_size=self.batch_size)
        if self.broken not in ON_BROKEN_IMAGE:
            raise ValueError(
                f"`broken` must be one of {ON_BROKEN_IMAGE}. "
                f"{suggest(self.broken, ON_BROKEN_IMAGE)} "
                f"Received: broken={self.broken!r}"
            )


class MultiScale:
    """Averages the heatmaps of larger and smaller windows on one grid.

    The windows share their center and aspect ratio, so the resampling weights are
    the same for all people, and rows and columns are resampled separately.

    Args:
        scales: Factors of the windows' edges.
        size: Width and height of the heatmaps.

    Raises:
        ValueError: If `scales` is empty, or holds a number that is not above 0.
    """

    def __init__(self, scales: tuple[float, ...], size: tuple[int, int]):
        scales = tuple(scales)
        if not scales or not all(0 < scale < np.inf for scale in scales):
            raise ValueError(
                "`scales` must be one or more numbers above 0. "
                f"Received: scales={scales}"
            )
        self.scales = scales
        self.columns, self.rows = (
            np.stack([_resampling_weights(scale, length) for scale in scales])
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
        columns, rows, coverage = map(
            ops.convert_to_tensor, (self.columns, self.rows, self.coverage)
        )
        heatmaps = ops.einsum("syk,pskxj->psyxj", rows, heatmaps)
        return ops.einsum("sxk,psykj->pyxj", columns, heatmaps) / coverage


def _resampling_weights(scale, length):
    """`(length, length)`: linear weights of a scaled row's pixels for each pixel."""
    points = np.stack([np.arange(length), np.zeros(length)], axis=-1)
    row = Window.from_rectangle(np.array([0.0, 0.0, length, 1.0]))
    points = row.scaled(scale).to_grid(row.to_image(points, (length, 1)), (length, 1))
    distance = np.abs(points[:, :1] - np.arange(length))
    return np.maximum(0, 1 - distance).astype("float32")


class KeypointPredictor(keras.Model):
    """A network followed by flip test, multi-scale averaging and decoding.

    Compiled as one: only keypoints leave the device, and decoding, which takes a
    quarter of a small network's time when run eagerly, becomes negligible.

    Args:
        network: A `StackedHourglass`. Its weights are shared, not copied; its
            `offset` is read once, here.
        flip: Averages the heatmaps with those of the mirrored images.
        scales: Factors of the windows' edges, in the order of the crops; keypoints
            are in heatmap pixels of the unscaled window.
        decoder: A key of `heatmaps.DECODERS`.
    """

    def __init__(
        self,
        network: StackedHourglass,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        decoder: str = DEFAULT_DECODER,
    ):
        super().__init__()
        self.network, self.flip, self.decoder = network, flip, validate_decoder(decoder)
        self.scales = MultiScale(scales, network.heatmap_size)
        x, y = network.offset
        # The offsets of a view and of its mirror image cancel in x.
        self.offset = (0, y) if flip else (x, y)

    def build(self, input_shape):
        """Does nothing: the network is built. Keras would trace all of it."""

    def call(self, images):
        """`(people, scales, height, width, 3)` -> points, scores; see `decode`."""
        views = ops.reshape(images, (-1, *images.shape[2:]))
        if self.flip:  # in one batch, so that the network is compiled once
            views = ops.concatenate([views, ops.flip(views, axis=2)])
        heatmaps = self.network(views)[:, -1]
        if self.flip:
            heatmaps, mirrored = ops.split(heatmaps, 2)
            mirrored = ops.take(mirrored, self.network.skeleton.flip_indices, axis=-1)
            heatmaps = (heatmaps + ops.flip(mirrored, axis=2)) / 2
        count = images.shape[1]
        heatmaps = ops.reshape(heatmaps, (-1, count, *heatmaps.shape[1:]))
        return decode(self.scales.mean(heatmaps), self.offset, self.decoder)

    def predict_keypoints(self, crops, min_batch: int = 1):
        """Predicts the keypoints of any number of people, in one batch.

        Args:
            crops: `(people, scales, height, width, 3)`, RGB, 0 to 255.
            min_batch: The batch is padded with black crops to this size, and above
                it to a power of two, since each new size is compiled anew.

        Returns:
            points `(people, joints, 2)`, heatmap pixels; scores `(people, joints)`.
        """
        people = len(crops)
        size = max(min_batch, 1 << (people - 1).bit_length())
        padding = np.zeros((size - people, *crops.shape[1:]), crops.dtype)
        with spared_core():
            points, scores = self.predict_on_batch(np.concatenate([crops, padding]))
        return points[:people], scores[:people]


def predict_keypoints(
    model: StackedHourglass, images, flip: bool = False, decoder: str = DEFAULT_DECODER
):
    """Predicts keypoints on images of the network's size.

    Args:
        model: The network.
        images: `(batch, height, width, 3)`, RGB, 0 to 255.
        flip: Averages the heatmaps with those of the mirrored images.
        decoder: A key of `heatmaps.DECODERS`.

    Returns:
        points `(batch, joints, 2)`, heatmap pixels; scores `(batch, joints)`.
    """
    predictor = _cached_predictor(model, flip, model.offset, decoder)
    return predictor.predict_keypoints(np.asarray(images)[:, None])


@lru_cache(maxsize=1)  # callers predict batch after batch with one model
def _cached_predictor(model, flip, offset, decoder):
    return KeypointPredictor(model, flip, decoder=decoder)
