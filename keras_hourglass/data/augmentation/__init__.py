"""Augmentation: random changes of training samples, and their strengths.

`geometric` moves, scales, rotates and flips windows; `truncation` ends photographs
within people; `occlusion` pastes patches and limbs; `photometric` changes colors.
"""

from dataclasses import dataclass, fields

import numpy as np

from keras_hourglass.data.augmentation import (
    geometric,
    occlusion,
    photometric,
    truncation,
)
from keras_hourglass.data.augmentation.occlusion import Occluder
from keras_hourglass.data.augmentation.truncation import Truncation
from keras_hourglass.data.people import People
from keras_hourglass.geometry import Window
from keras_hourglass.utils import suggest

# Fields that are probabilities.
PROBABILITIES = (
    *("rotation_share", "flip", "half_body", "body_part", "truncation"),
    *("patches", "limbs", "blur", "jpeg"),
)


@dataclass(frozen=True)
class Augmentation:
    """Strengths of random changes, each 0 for none. The defaults are those of the paper
    (Elhagry et al., https://arxiv.org/abs/2107.13643).

    Args:
        scale: Standard deviation of the window's scale factor, which is clipped to
            one of them around 1.
        rotation: Standard deviation of the angle, degrees, clipped to two of them.
        rotation_share: Probability of a rotation.
        flip: Probability of a horizontal flip.
        shift: Largest shift, as a share of the window.
        color: Each channel is multiplied by 1 - `color` to 1 + `color`.
        half_body: Probability of a window around the upper or the lower body alone,
            where enough of its joints are labeled.
        body_part: Probability of a window around the joints beyond some line, mostly
            the upper ones, where five or more are labeled.
        truncation: Probability that the photograph ends within the sample.
        brightness: Largest change of all channels, as a share of white.
        contrast: Differences from mid-gray are multiplied by 1 - `contrast` to
            1 + `contrast`.
        saturation: Differences from a pixel's gray, likewise.
        patches: Probability of one or two patches of one color each.
        limbs: Probability of another person's limb pasted over the sample, for which
            a second image is read.
        blur: Probability of a blur.
        jpeg: Probability of artifacts of strong JPEG compression.

    Raises:
        ValueError: If a strength is negative, or a probability above 1.

    Example:

    ```python
    import keras_hourglass as kh

    augmentation = kh.Augmentation(rotation=40.0, brightness=0.1, blur=0.1)
    people = kh.load_dataset("synthetic:20", split="train")
    grid = people.plot(count=6, augmentation=augmentation)
    ```
    """

    scale: float = 0.25
    rotation: float = 30.0
    rotation_share: float = 0.6
    flip: float = 0.5
    shift: float = 0.0
    color: float = 0.2
    half_body: float = 0.0
    body_part: float = 0.0
    truncation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    patches: float = 0.0
    limbs: float = 0.0
    blur: float = 0.0
    jpeg: float = 0.0

    def __post_init__(self):
        for name in (field.name for field in fields(self)):
            value, most = getattr(self, name), float("inf")
            if name in PROBABILITIES:
                most = 1
            if not 0 <= value <= most:
                limits = "0 to 1" if name in PROBABILITIES else "0 or above"
                raise ValueError(f"`{name}` must be {limits}. Received: {name}={value}")
        if self.scale >= 1:  # a window of no size
            raise ValueError(f"`scale` must be below 1. Received: scale={self.scale}")

    def transform_windows(
        self, windows: Window, randoms, joints, labeled, halves
    ) -> tuple[Window, np.ndarray]:
        """Draws windows near the given ones.

        Args:
            windows: Windows of the people, stacked.
            randoms: Random generator of each.
            joints: `(people, joints, 2)`, image pixels.
            labeled: `(people, joints)`, bool.
            halves: `(2, joints)`, bool: which joints are of the upper, and which of the
                lower body.

        Returns:
            Windows, stacked, and `(people,)`, bool: which of them are mirrored.
        """
        return geometric.transform_windows(
            self, windows, randoms, joints, labeled, halves
        )

    def sample_truncation(self, random: np.random.Generator) -> Truncation | None:
        """Draws where the photograph ends within the sample, if it does."""
        return truncation.sample_truncation(random, self.truncation)

    def sample_occluder(
        self, people: People, index: int, size, random: np.random.Generator
    ) -> Occluder | None:
        """Draws the limb that is pasted over a person's sample, if any.

        Args:
            people: People whose limbs are pasted.
            index: Row of the person.
            size: Width and height of the sample's image.
            random: Random generator of the sample.
        """
        if random.random() < self.limbs:
            return occlusion.sample_occluder(people, index, size, random)
        return None

    def augment_pixels(
        self, image: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Changes pixels in place, and moves none of them.

        Args:
            image: `(height, width, 3)`, uint8, RGB; it is overwritten.
            random: Random generator of the sample.
        """
        return photometric.augment_pixels(self, image, random)


AUGMENTATIONS = {
    "paper": Augmentation(),
    # Strengths as they helped others, not tuned here: rotation and scale a little below
    # HRNet's for COCO (45, 0.35), half bodies as there (for MPII: 30, 0.25, none),
    # https://arxiv.org/abs/1908.07919; blur and patches as in RTMPose, but fewer
    # patches, https://arxiv.org/abs/2303.07399. `occlusion` cites the others.
    # Limbs and JPEG take a millisecond each, so that few samples have them.
    "modern": Augmentation(
        scale=0.3,
        rotation=40.0,
        half_body=0.3,
        brightness=0.1,
        contrast=0.2,
        saturation=0.3,
        patches=0.3,
        limbs=0.03,
        blur=0.1,
        jpeg=0.03,
    ),
    # Of the presets: partially visible people, and boxes as detectors give them.
    "photo": Augmentation(
        shift=0.09,
        body_part=0.35,
        truncation=0.12,
        brightness=0.12,
        contrast=0.25,
        saturation=0.4,
        patches=0.3,
        blur=0.1,
        jpeg=0.03,
    ),
    # For the last epochs of a run with "photo": fewer windows that no user has. YOLOX
    # ends without strong augmentation, too, https://arxiv.org/abs/2107.08430.
    "photo_weak": Augmentation(
        scale=0.12,
        rotation=12.0,
        shift=0.05,
        color=0.1,
        body_part=0.12,
        truncation=0.05,
        brightness=0.06,
        contrast=0.12,
        saturation=0.2,
        blur=0.05,
        jpeg=0.03,
    ),
    # For short runs, which do not overfit.
    "light": Augmentation(scale=0.1, rotation=15.0),
}


def get(augmentation) -> Augmentation | None:
    """Returns the augmentation of a name; None and an `Augmentation` unchanged.

    Raises:
        ValueError: If the name is unknown; with a guess.
    """
    return find(augmentation, Augmentation, AUGMENTATIONS)


def find(augmentation, kind: type, named: dict):
    """Returns the augmentation of a name; None and those of a kind unchanged.

    Args:
        augmentation: None, a name, or an augmentation.
        kind: The class of augmentations.
        named: Name -> augmentation.

    Raises:
        ValueError: If the name is unknown; with a guess.
    """
    if augmentation is None or isinstance(augmentation, kind):
        return augmentation
    if isinstance(augmentation, str) and augmentation in named:
        return named[augmentation]
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    raise ValueError(
        f"`augmentation` must be None, {article} `{kind.__name__}` or a name. "
        f"{suggest(augmentation, named)} Received: {augmentation=}"
    )
