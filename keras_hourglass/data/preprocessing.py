"""From a person to what a network sees: an image and a label."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.augmentation.occlusion import Occluder
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.people import People
from keras_hourglass.data.warp import antialias, warp
from keras_hourglass.geometry import Window

cv2.setNumThreads(1)  # samples are made side by side; more threads only get in the way


class SampleParams(NamedTuple):
    """What is to be seen of a picture.

    Attributes:
        window: Where it lies.
        flipped: Whether it is mirrored, so that left and right change places.
        random: What to draw the rest of the sample from; None for nothing.
        limb: What is pasted over it: somebody else's, of whom pixels are needed, too.
    """

    window: Window
    flipped: bool = False
    random: np.random.Generator | None = None
    limb: Occluder | None = None


@dataclass(frozen=True)
class Preprocessor:
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

    def view(self, index: int, epoch: int = 0) -> SampleParams:
        """What to see of a person's picture; see `views`."""
        return self.views([(epoch, index)])[0]

    def views(self, places) -> list[SampleParams]:
        """What to see of people's pictures; drawn before they are read.

        Args:
            places: (epoch, index) of each.
        """
        people, rows = self.people, [index for _, index in places]
        centers, sides = people.centers[rows], people.sides[rows]
        windows = Window.from_center(
            centers.astype(float), sides.astype(float), self.image_size
        )
        if self.augmentation is None:
            return [*map(SampleParams, map(Window, *windows))]
        randoms = [np.random.default_rng((self.seed, *place)) for place in places]
        joints, halves = people.joints[rows], self._halves(rows)
        windows, flipped = self.augmentation.transform_windows(
            windows, randoms, joints, halves
        )
        limbs = [
            self.augmentation.sample_occluder(people, index, self.image_size, random)
            for index, random in zip(rows, randoms)
        ]
        return [
            *map(SampleParams, map(Window, *windows), flipped.tolist(), randoms, limbs)
        ]

    def sample(
        self,
        region: ImageRegion,
        index: int,
        view: SampleParams,
        lent: ImageRegion | None = None,
    ):
        """The image and the label of one person; see `cut`, `paint` and `labels`."""
        image = self.paint(self.cut(region, view), view, lent)
        return image, self.labels([index], [view])[0]

    def cut(
        self, region: ImageRegion, view: SampleParams, out: np.ndarray | None = None
    ):
        """What is to be seen of a picture: `(height, width, 3)`, uint8, RGB.

        Args:
            region: Pixels of the picture that cover the window.
            view: What to see.
            out: Where to write it; without it, into a new array.
        """
        region = antialias(region, view.window, self.image_size)
        return warp(region, view.window, self.image_size, out)

    def paint(
        self, image: np.ndarray, view: SampleParams, lent: ImageRegion | None = None
    ) -> np.ndarray:
        """The image with other pixels, as its view wants them.

        Args:
            image: What `cut` gave; it is painted over.
            view: What to see.
            lent: Pixels of the limb's picture that cover its window; without them it
                is left away.
        """
        if view.limb is not None and lent is not None:
            image = view.limb.paste(image, lent)
        if view.random is not None:
            image = self.augmentation.augment_pixels(image, view.random)
        return image

    def labels(self, indices, views: list[SampleParams]) -> np.ndarray:
        """`(people, joints, 4)`, float32: what `labels.py` says, of their heatmaps.

        Of all people at once: for sixteen it takes hardly longer than for one.
        """
        people, rows = self.people, [*indices]
        windows = Window(*map(np.stack, zip(*(view.window for view in views))))
        scale = windows.scale(self.heatmap_size)
        labels = np.empty((*people.weights[rows].shape, 4), "float32")
        labels[..., :2] = windows.to_grid(people.joints[rows], self.heatmap_size)
        labels[..., 2] = people.weights[rows]
        labels[..., 3] = (people.head_sizes[rows] * scale)[:, None]
        flipped = [place for place, view in enumerate(views) if view.flipped]
        labels[flipped] = labels[flipped][:, list(people.skeleton.flip_indices)]
        return labels

    def _halves(self, rows):
        """`(people, 2, joints)`: which joints of upper and lower body are labelled."""
        labelled, halves = (
            self.people.weights[rows] > 0,
            self.people.skeleton.upper_lower,
        )
        joints = range(labelled.shape[1])
        return labelled[:, None] & [[j in half for j in joints] for half in halves]
