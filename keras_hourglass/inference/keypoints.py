"""Heatmaps of larger and smaller windows around the same middle, laid on one grid.

Joints on images of a network's size: seen, averaged and decoded in one graph.
"""

from functools import lru_cache

import keras
import numpy as np
from keras import ops

from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER, decode, validate_decoder
from keras_hourglass.models.stacked_hourglass import StackedHourglass


class MultiScale:
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
    row = Window.from_rectangle(np.array([0.0, 0.0, length, 1.0]))
    place = row.scaled(scale).to_grid(row.to_image(places, (length, 1)), (length, 1))
    distance = np.abs(place[:, :1] - np.arange(length))
    return np.maximum(0, 1 - distance).astype("float32")


class KeypointPredictor(keras.Model):
    """A network, and what follows it until there are joints.

    Compiled as one: only joints leave the device, and decoding, which takes a quarter
    as long as a small network where each of its steps is run by itself, hardly counts.

    Args:
        network: A `StackedHourglass`. Its weights are used, and its `offset` as it is
            now is added.
        flip: Averages the heatmaps with those of the mirrored images.
        scales: Of the windows, in the order of the images; the joints are in heatmap
            pixels of the unscaled window.
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
        # What one view is off to the right, the mirrored one is off to the left.
        self.offset = (0, y) if flip else (x, y)

    def build(self, input_shape):
        """Nothing: the network has its weights. Keras would run all of it to see."""

    def call(self, images):
        """`(people, scales, height, width, 3)` -> points, scores; see `decode`."""
        seen = ops.reshape(images, (-1, *images.shape[2:]))
        if self.flip:  # one after the other, so that the network is compiled once
            seen = ops.concatenate([seen, ops.flip(seen, axis=2)])
        heatmaps = self.network(seen)[:, -1]
        if self.flip:
            heatmaps, mirrored = ops.split(heatmaps, 2)
            mirrored = ops.take(mirrored, self.network.skeleton.flip_indices, axis=-1)
            heatmaps = (heatmaps + ops.flip(mirrored, axis=2)) / 2
        count = images.shape[1]
        heatmaps = ops.reshape(heatmaps, (-1, count, *heatmaps.shape[1:]))
        return decode(self.scales.mean(heatmaps), self.offset, self.decoder)

    def find(self, images, least: int = 1):
        """Joints of any number of people.

        Args:
            images: `(people, scales, height, width, 3)`, uint8, RGB.
            least: Blank images are added until there are as many, and then until it
                is a power of two or `least`: each new number is compiled anew.

        Returns:
            points `(people, joints, 2)`, heatmap pixels; scores `(people, joints)`.
        """
        people = len(images)
        filled = max(least, 1 << (people - 1).bit_length())
        blank = np.zeros((filled - people, *images.shape[1:]), images.dtype)
        points, scores = self.predict_on_batch(np.concatenate([images, blank]))
        return points[:people], scores[:people]


def predict_keypoints(
    model: StackedHourglass, images, flip: bool = False, decoder: str = DEFAULT_DECODER
):
    """Joints on images of the network's size.

    Args:
        model: The network.
        images: `(batch, height, width, 3)`, RGB, 0 to 255.
        flip: Averages the heatmaps with those of the mirrored images.
        decoder: A key of `heatmaps.DECODERS`.

    Returns:
        points `(batch, joints, 2)`, heatmap pixels; scores `(batch, joints)`.
    """
    return _finder(model, flip, model.offset, decoder).find(np.asarray(images)[:, None])


@lru_cache(maxsize=1)  # who asks for one batch, asks for the next
def _finder(model, flip, offset, decoder):
    return KeypointPredictor(model, flip, decoder=decoder)
