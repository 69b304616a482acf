"""How training samples are varied: the strengths, and what is drawn with them."""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.augmentation import geometric, occlusion, photometric
from keras_hourglass.data.augmentation.occlusion import Occluder
from keras_hourglass.data.people import People
from keras_hourglass.geometry import Window


@dataclass(frozen=True)
class Augmentation:
    """Strengths, each 0 for none. The defaults are the paper's.

    Attributes:
        scale: Standard deviation of the window's factor, which is clipped to within
            one of them from 1.
        rotation: Standard deviation of the angle, degrees, clipped to two of them.
        rotation_share: How many samples are turned at all.
        flip: How many samples are mirrored.
        shift: Largest shift, as a share of the window.
        colour: Each channel is multiplied by 1 - `colour` to 1 + `colour`.
        half_body: How many samples show the upper or the lower body alone, where
            enough of its joints are labelled.
        brightness: Largest change of all channels, as a share of white.
        contrast: Distances from mid-grey are multiplied by 1 - `contrast` to
            1 + `contrast`.
        saturation: Distances from a pixel's grey, likewise.
        patches: How many samples have one or two patches painted over them.
        limbs: How many samples have another person's limb pasted over them, which
            costs a second picture each.
        blur: How many samples are blurred.
        jpeg: How many samples show the traces of a strongly compressed JPEG.
    """

    scale: float = 0.25
    rotation: float = 30.0
    rotation_share: float = 0.6
    flip: float = 0.5
    shift: float = 0.0
    colour: float = 0.2
    half_body: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    patches: float = 0.0
    limbs: float = 0.0
    blur: float = 0.0
    jpeg: float = 0.0

    def transform_windows(
        self, crops: Window, randoms, joints, halves
    ) -> tuple[Window, np.ndarray]:
        """Windows near the given ones, and `(people,)`, which of them are mirrored.

        Args:
            crops: What would be seen of each picture, stacked.
            randoms: What to draw from, a generator for each.
            joints: `(people, joints, 2)`, picture pixels.
            halves: `(people, 2, joints)`, bool: which of them are labelled and of the
                upper, and of the lower body.
        """
        return geometric.transform_windows(self, crops, randoms, joints, halves)

    def sample_occluder(
        self, people: People, index: int, size, random: np.random.Generator
    ) -> Occluder | None:
        """What is pasted over a person's sample, if anything.

        Args:
            people: Whose limb it may be.
            index: Row of the person.
            size: Width and height of the sample's image.
            random: What to draw from.
        """
        if random.random() < self.limbs:
            return occlusion.sample_occluder(people, index, size, random)
        return None

    def augment_pixels(
        self, image: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """The image with other pixels, `(height, width, 3)`; everything stays in place.

        Args:
            image: `(height, width, 3)`, uint8, RGB; it is painted over.
            random: What to draw from.
        """
        return photometric.augment_pixels(self, image, random)
