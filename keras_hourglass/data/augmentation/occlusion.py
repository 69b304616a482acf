"""What is put before a person: patches, and limbs of other people.

Sárándi et al., How Robust is 3D Human Pose Estimation to Occlusion?, 2018: shapes
that are pasted at random places make a network robust to other occlusions, too.
https://arxiv.org/abs/1808.09316

Bin et al., Adversarial Semantic Data Augmentation for Human Pose Estimation, ECCV
2020: so do body parts, which a network must tell from the person's own.
https://arxiv.org/abs/2008.00697

Labels do not change: a joint behind something is still to be found.
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
EDGES = 0.1, 0.4  # of a patch, as shares of the image's shorter edge
NEAR = 0.35  # of the window: how far from its middle limbs are pasted
SIZES = 0.75, 1.25  # of a pasted limb, to what it would be on its own sample
WIDTH = 0.35  # of a limb, to its length: with its clothes and a little around


def paste_patches(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The image with turned boxes and ellipses of one colour each painted over it."""
    height, width = image.shape[:2]
    low, high = (share * min(width, height) for share in EDGES)
    for _ in range(random.integers(1, MAX_PATCHES, endpoint=True)):
        x, y, across, along, angle, red, green, blue, kind = random.random(9).tolist()
        colour = 256 * red, 256 * green, 256 * blue
        edges = low + across * (high - low), low + along * (high - low)
        box = (x * width, y * height), edges, 180 * angle
        if kind < 0.5:
            cv2.ellipse(image, box, colour, cv2.FILLED)
        else:
            corners = np.rint(cv2.boxPoints(box)).astype("int32")
            cv2.fillConvexPoly(image, corners, colour)
    return image


class Occluder(NamedTuple):
    """Someone's limb, to be pasted over another person's sample.

    Attributes:
        index: Row of the person whose it is.
        window: Of their picture: seen through it, the limb is where it is pasted.
        ends: `(2, 2)`, its joints, pixels of their picture.
    """

    index: int
    window: Window
    ends: np.ndarray

    def paste(self, image: np.ndarray, region: ImageRegion) -> np.ndarray:
        """The image with the limb over it.

        Args:
            image: `(height, width, 3)`, uint8, painted over.
            region: Pixels of the limb's picture that cover its window.
        """
        size = image.shape[1], image.shape[0]
        ends = np.rint(self.window.to_grid(self.ends, size))
        length = np.linalg.norm(ends[1] - ends[0])
        mask = np.zeros(image.shape[:2], "uint8")
        thickness = max(1, round(WIDTH * length))
        cv2.line(mask, *ends.astype("int32").tolist(), 255, thickness)
        return cv2.copyTo(warp(region, self.window, size), mask, image)


def sample_occluder(people: People, index: int, size, random: np.random.Generator):
    """A limb of somebody else, turned anyhow; None if they have none.

    Args:
        people: Whom to choose from.
        index: Row of the one who borrows.
        size: Width and height of the image that it is for.
        random: What to draw from.
    """
    who, which, angle, factor, across, along = random.random(6).tolist()
    others = len(people) - 1
    lender = (index + 1 + int(who * others)) % len(people)
    labelled = (people.weights[lender] > 0).tolist()
    limbs = [
        (a, b) for a, b in people.skeleton.limb_segments if labelled[a] and labelled[b]
    ]
    if not others or not limbs:
        return None
    ends = people.joints[lender][list(limbs[int(which * len(limbs))])]
    window = Window.from_center(
        people.centers[lender].astype(float), np.float64(people.sides[lender]), size
    )
    low, high = SIZES
    window = window.scaled(1 / (low + factor * (high - low))).turned(2 * pi * angle)
    here = window.to_grid(ends.mean(axis=0, keepdims=True), (1, 1))[0]
    there = NEAR * (2 * across - 1), NEAR * (2 * along - 1)
    return Occluder(lender, window.moved(*(here - there)), ends)
