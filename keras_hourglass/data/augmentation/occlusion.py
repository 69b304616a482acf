"""Synthetic occlusion: patches, and limbs of other people, pasted over a sample.

Sárándi et al., How Robust is 3D Human Pose Estimation to Occlusion?, 2018: shapes
pasted at random places make a network robust to other occlusions, too.
https://arxiv.org/abs/1808.09316

Bin et al., Adversarial Semantic Data Augmentation for Human Pose Estimation, ECCV
2020: so do body parts, which a network must tell from the person's own.
https://arxiv.org/abs/2008.00697

Labels do not change: occluded joints are still to be found.
"""

from math import pi
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.people import People
from keras_hourglass.data.warp import warp
from keras_hourglass.geometry import Window

MAX_PATCHES = 2  # patches on one sample
PATCH_EDGES = 0.1, 0.4  # of a patch, as shares of the image's shorter edge
MAX_OFFSET = 0.35  # of the window: from its middle to that of a pasted limb
LIMB_SCALES = 0.75, 1.25  # of a pasted limb, to its size on its own sample
LIMB_WIDTH = 0.35  # of a limb, to its length: with its clothes and a margin


def paste_patches(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws rotated boxes and ellipses, each of one color, over the image."""
    height, width = image.shape[:2]
    low, high = (share * min(width, height) for share in PATCH_EDGES)
    for _ in range(random.integers(1, MAX_PATCHES, endpoint=True)):
        x, y, across, along, angle, red, green, blue, kind = random.random(9).tolist()
        color = 256 * red, 256 * green, 256 * blue
        edges = low + across * (high - low), low + along * (high - low)
        box = (x * width, y * height), edges, 180 * angle
        if kind < 0.5:
            cv2.ellipse(image, box, color, cv2.FILLED)
        else:
            corners = np.rint(cv2.boxPoints(box)).astype("int32")
            cv2.fillConvexPoly(image, corners, color)
    return image


class Occluder(NamedTuple):
    """A limb of one person, to paste over another person's sample.

    Attributes:
        index: Row of the person whose limb it is.
        window: Window on that person's image that puts the limb where it is pasted.
        ends: `(2, 2)`, the limb's joints, pixels of that image.
    """

    index: int
    window: Window
    ends: np.ndarray

    def paste(self, image: np.ndarray, region: ImageRegion) -> np.ndarray:
        """Pastes the limb over an image.

        Args:
            image: `(height, width, 3)`, uint8; it is overwritten.
            region: Pixels of the limb's image that cover its window.
        """
        size = image.shape[1], image.shape[0]
        ends = np.rint(self.window.to_grid(self.ends, size))
        length = np.linalg.norm(ends[1] - ends[0])
        mask = np.zeros(image.shape[:2], "uint8")
        thickness = max(1, round(LIMB_WIDTH * length))
        cv2.line(mask, *ends.astype("int32").tolist(), 255, thickness)
        return cv2.copyTo(warp(region, self.window, size), mask, image)


def sample_occluder(
    people: People, index: int, size, random: np.random.Generator
) -> Occluder | None:
    """Draws a limb of another person, at any angle; None if that person has none.

    Arms and legs, or, of a skeleton without them, any limb.

    Args:
        people: People to choose from.
        index: Row of the person whose sample it is for.
        size: Width and height of the sample's image.
        random: Random generator of the sample.
    """
    other, limb, angle, factor, across, along = random.random(6).tolist()
    others = len(people) - 1
    source = (index + 1 + int(other * others)) % len(people)
    labeled = (people.weights[source] > 0).tolist()
    skeleton = people.skeleton
    segments = skeleton.limb_segments or map(skeleton.indices, skeleton.limbs)
    limbs = [(a, b) for a, b in segments if labeled[a] and labeled[b]]
    if not others or not limbs:
        return None
    ends = people.joints[source][list(limbs[int(limb * len(limbs))])]
    window = Window.from_center(
        people.centers[source].astype(float), np.float64(people.sides[source]), size
    )
    low, high = LIMB_SCALES
    window = window.scaled(1 / (low + factor * (high - low))).turned(2 * pi * angle)
    middle = window.to_grid(ends.mean(axis=0, keepdims=True), (1, 1))[0]
    target = MAX_OFFSET * (2 * across - 1), MAX_OFFSET * (2 * along - 1)
    return Occluder(source, window.moved(*(middle - target)), ends)
