"""How a training sample is varied: which windows and which colours are drawn."""

from dataclasses import dataclass
from math import radians

import cv2
import numpy as np

from keras_hourglass.geometry import Crop


@dataclass(frozen=True)
class Augmentation:
    """Strengths, each 0 for none.

    Attributes:
        scale: Standard deviation of the window's factor, which is clipped to within
            one of them from 1.
        rotation: Standard deviation of the angle, degrees, clipped to two of them.
        rotation_share: How many samples are turned at all.
        flip: How many samples are mirrored.
        shift: Largest shift, as a share of the window.
        colour: Each channel is multiplied by 1 - `colour` to 1 + `colour`.
    """

    scale: float = 0.25
    rotation: float = 30.0
    rotation_share: float = 0.6
    flip: float = 0.5
    shift: float = 0.0
    colour: float = 0.2

    def vary(self, window: Crop, random: np.random.Generator) -> tuple[Crop, bool]:
        """A window near the given one, and whether it is mirrored."""
        scale = np.clip(random.normal(1, self.scale), 1 - self.scale, 1 + self.scale)
        angle = np.clip(
            random.normal(0, self.rotation), -2 * self.rotation, 2 * self.rotation
        )
        turned, flipped = random.random(2) < (self.rotation_share, self.flip)
        across, along = random.uniform(-self.shift, self.shift, 2)
        window = window.scaled(scale).moved(across, along)
        if turned:
            window = window.turned(radians(angle))
        return (window.mirrored() if flipped else window), bool(flipped)

    def recolour(self, image, random: np.random.Generator) -> np.ndarray:
        """The image with each channel brighter or darker, `(height, width, 3)`."""
        factors = random.uniform(1 - self.colour, 1 + self.colour, 3)
        return cv2.transform(image, np.diag(factors))
