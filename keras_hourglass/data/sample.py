"""From a person to what a network sees: an image and a label."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.augment import Augmentation, Limb
from keras_hourglass.data.people import People
from keras_hourglass.data.picture import Region
from keras_hourglass.data.warp import cut, readable
from keras_hourglass.geometry import Crop

cv2.setNumThreads(1)  # samples are made side by side; more threads only get in the way


class View(NamedTuple):
    """What is to be seen of a picture.

    Attributes:
        window: Where it lies.
        flipped: Whether it is mirrored, so that left and right change places.
        random: What to draw the rest of the sample from; None for nothing.
        limb: What is pasted over it: somebody else's, of whom pixels are needed, too.
    """

    window: Crop
    flipped: bool = False
    random: np.random.Generator | None = None
    limb: Limb | None = None


@dataclass(frozen=True)
class Sampler:
    """Makes samples of people. The same (epoch, index) always gives the same sample.

    Attributes:
        people: Whom to sample.
        image_size: Width and height of the image, pixels.
        heatmap_size: Width and height of the heatmaps, in whose pixels labels are.
        augmentation: How to vary samples; None shows everybody as they are.
        seed: Another seed, another stream.
    """

    people: People
    image_size: tuple[int, int]
    heatmap_size: tuple[int, int]
    augmentation: Augmentation | None = None
    seed: int = 0

    def view(self, index: int, epoch: int = 0) -> View:
        """What to see of a person's picture; drawn before it is read."""
        center, side = self.people.centers[index], self.people.sides[index]
        window = Crop.around(center.astype(float), np.float64(side), self.image_size)
        if self.augmentation is None:
            return View(window)
        random = np.random.default_rng((self.seed, epoch, index))
        halves = [*self._halves(index)] if self.augmentation.half_body else ()
        window, flipped = self.augmentation.vary(window, random, halves)
        limb = self.augmentation.borrow(self.people, index, self.image_size, random)
        return View(window, flipped, random, limb)

    def sample(
        self, region: Region, index: int, view: View, lent: Region | None = None
    ):
        """The image and the label of one person.

        Args:
            region: Pixels of the person's picture that cover the window.
            index: Row of the person.
            view: What to see of the picture.
            lent: Pixels of the limb's picture that cover its window; without them it
                is left away.

        Returns:
            image `(height, width, 3)` uint8, RGB; label `(joints, 4)` float32.
        """
        region = readable(region, view.window, self.image_size)
        image = cut(region, view.window, self.image_size)
        if view.limb is not None and lent is not None:
            image = view.limb.paste(image, lent)
        if view.random is not None:
            image = self.augmentation.repaint(image, view.random)
        return image, self.label(index, view.window, view.flipped)

    def label(self, index: int, window: Crop, flipped: bool = False) -> np.ndarray:
        """`(joints, 4)`, float32: what `labels.py` says, of a window's heatmaps."""
        people = self.people
        points = window.to_grid(people.joints[index], self.heatmap_size)
        scale = window.pixels_per_image_pixel(self.heatmap_size)
        label = np.empty((len(points), 4), "float32")
        label[:, :2], label[:, 2] = points, people.weights[index]
        label[:, 3] = people.heads[index] * scale
        return label[list(people.skeleton.mirror)] if flipped else label

    def _halves(self, index):
        """The labelled joints of the upper and of the lower body."""
        joints, labelled = self.people.joints[index], self.people.weights[index] > 0
        for half in self.people.skeleton.halves:
            half = np.array(half, int)
            yield joints[half[labelled[half]]]
