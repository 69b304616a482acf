"""Augmentation for detection: random windows of photographs, and their colors."""

from dataclasses import dataclass, fields

import cv2
import numpy as np

from keras_hourglass.data.augmentation import find
from keras_hourglass.geometry import Window

PERSON_MARGIN = 1.05  # of a window around a person, at least
# Shares of a person's longer side that a window holds at least, and their
# probabilities: some people are cut.
HELD_SHARES, HELD_PROBABILITIES = (1.0, 0.8, 0.6), (0.7, 0.2, 0.1)
BLACK = (0, 0, 0)
PROBABILITIES = "whole", "inside", "flip", "gray"


@dataclass(frozen=True)
class DetectionAugmentation:
    """Strengths of random changes of photographs. The defaults are those with which
    the preset "people" was trained.

    A sample is either the whole photograph, scaled and moved a little, or a window
    around one of its people, who are thus seen at many sizes.

    Args:
        whole: Probability of the whole photograph; always where no person is labeled.
        whole_scale: Greatest logarithm of its scale factor, up or down.
        whole_shift: Its largest shift, as a share of the photograph's longer side.
        zoom: Least and greatest logarithm of the size of a window around a person,
            as a share of the whole photograph. A window is at least as large as the
            person, or in a few samples as most of the person; `shift` may still cut
            it.
        shift: Largest distance of the person from its middle, as a share of it.
        inside: Probability that it is moved to lie on the photograph, where it fits.
        aspect: Greatest logarithm of the stretch of its width against its height.
        flip: Probability of a horizontal flip.
        gray: Probability that all color is removed.
        color: Each channel is multiplied by 1 - `color` to 1 + `color`.
        saturation: Differences from a pixel's gray, likewise.
        contrast: Differences from the mean, likewise.
        brightness: The mean, likewise.

    Raises:
        ValueError: If a strength is negative, or a probability above 1.

    Example:

    ```python
    import keras_hourglass as kh

    augmentation = kh.DetectionAugmentation(whole=0.5, gray=0.0)
    photographs = kh.load_photographs("synthetic", 20)
    grid = photographs.plot(count=4, augmentation=augmentation)
    ```
    """

    whole: float = 0.35
    whole_scale: float = 0.25
    whole_shift: float = 0.1
    zoom: tuple[float, float] = (-0.8, 0.35)
    shift: float = 0.35
    inside: float = 0.8
    aspect: float = 0.15
    flip: float = 0.5
    gray: float = 0.1
    color: float = 0.1
    saturation: float = 0.4
    contrast: float = 0.3
    brightness: float = 0.3

    def __post_init__(self):
        for name in (field.name for field in fields(self) if field.name != "zoom"):
            value = getattr(self, name)
            most = 1 if name in PROBABILITIES else float("inf")
            if not 0 <= value <= most:
                limits = "0 to 1" if most == 1 else "0 or above"
                raise ValueError(f"`{name}` must be {limits}. Received: {name}={value}")
        if len(self.zoom) != 2 or not self.zoom[0] <= self.zoom[1]:
            raise ValueError(
                "`zoom` must be two logarithms, the smaller first. "
                f"Received: zoom={self.zoom}"
            )

    def sample_window(
        self, whole: Window, photograph: Window, boxes, random: np.random.Generator
    ) -> tuple[Window, bool]:
        """Draws the window of a sample.

        Args:
            whole: The window around the whole photograph, with the sample's aspect.
            photograph: The window that covers exactly the photograph.
            boxes: `(people, 4)`, of people who may be in the middle, image pixels.
            random: Random generator of the sample.

        Returns:
            The window, and whether it is mirrored.
        """
        stretch = np.exp(random.uniform(-self.aspect, self.aspect) / 2)
        if random.random() < self.whole or not len(boxes):
            scale = np.exp(random.uniform(-self.whole_scale, self.whole_scale))
            window = whole.scaled(scale)
            longer = max(whole.right[0], whole.down[1])
            moved = random.uniform(-self.whole_shift, self.whole_shift, 2) * longer
            window = window._replace(center=whole.center + moved)
        else:
            window = self._window_of_person(whole, photograph, boxes, random)
        window = window._replace(
            right=window.right * stretch, down=window.down / stretch
        )
        flipped = bool(random.random() < self.flip)
        return window.mirrored(flipped), flipped

    def _window_of_person(self, whole, photograph, boxes, random):
        person = Window.from_rectangle(boxes[random.integers(len(boxes))].astype(float))
        needed = max(person.right[0] / whole.right[0], person.down[1] / whole.down[1])
        held = random.choice(HELD_SHARES, p=HELD_PROBABILITIES)
        scale = max(np.exp(random.uniform(*self.zoom)), PERSON_MARGIN * needed * held)
        window = whole.scaled(scale)
        edges = window.right + window.down
        shift = random.uniform(-self.shift, self.shift, 2)
        center = person.center + shift * edges
        if random.random() < self.inside:
            middle, reach = photograph.center, photograph.right + photograph.down
            room = np.maximum(reach - edges, 0) / 2
            center = np.clip(center, middle - room, middle + room)
        return window._replace(center=center)

    def augment_pixels(
        self, image: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Changes colors in place; what is black, as around a photograph, stays black.

        Args:
            image: `(height, width, 3)`, uint8, RGB; it is overwritten.
            random: Random generator of the sample.
        """
        gray = random.random() < self.gray
        changes = 1 + random.uniform(-1, 1, 6) * np.array(
            [*[self.color] * 3, self.saturation, self.contrast, self.brightness]
        )
        channels, (saturation, contrast, brightness) = changes[:3, None], changes[3:]
        if gray:
            channels, saturation = 1, 0
        matrix = channels * (saturation * np.eye(3) + (1 - saturation) / 3)
        mean = (matrix @ cv2.mean(image)[:3]).mean()
        offset = np.full((3, 1), mean * (brightness - contrast))
        lit = cv2.bitwise_not(cv2.inRange(image, BLACK, BLACK))  # 255, or 0 where black
        cv2.transform(image, np.hstack([contrast * matrix, offset]), dst=image)
        return cv2.min(image, cv2.merge([lit] * 3), dst=image)


DETECTION_AUGMENTATIONS = {
    "detect": DetectionAugmentation(),
    # For short runs, which do not overfit.
    "detect_light": DetectionAugmentation(whole=1.0, aspect=0.0, gray=0.0),
}


def get(augmentation) -> DetectionAugmentation | None:
    """Returns the augmentation of a name; None and an augmentation unchanged.

    Raises:
        ValueError: If the name is unknown; with a guess.
    """
    return find(augmentation, DetectionAugmentation, DETECTION_AUGMENTATIONS)
