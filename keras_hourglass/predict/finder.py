"""Joints on images of a network's size: seen, averaged and decoded in one graph."""

from functools import lru_cache

import keras
import numpy as np
from keras import ops

from keras_hourglass.heatmaps import DEFAULT, checked, decode
from keras_hourglass.model import StackedHourglass
from keras_hourglass.predict.scales import Scales


class Finder(keras.Model):
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
        decoder: str = DEFAULT,
    ):
        super().__init__()
        self.network, self.flip, self.decoder = network, flip, checked(decoder)
        self.scales = Scales(scales, network.heatmap_size)
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
            mirrored = ops.take(mirrored, self.network.skeleton.mirror, axis=-1)
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


def find(model: StackedHourglass, images, flip: bool = False, decoder: str = DEFAULT):
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
    return Finder(model, flip, decoder=decoder)
