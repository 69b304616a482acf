"""Windows that the network is to look at: which they are, and their pixels."""

import numpy as np

from keras_hourglass.data.picture import Region
from keras_hourglass.data.warp import covered, cut, shrink
from keras_hourglass.data.window import of_joints
from keras_hourglass.geometry import Crop, steadied

NEAREST = 0.125  # of the whole picture: no look is nearer, whatever was found
SURE = 0.3  # of the highest score: joints below do not widen the next look


def whole(region: Region, size: tuple[int, int]) -> Crop:
    """The window that holds all of a picture that was read whole."""
    return Crop.of_box(region.place.box(), size=size)


def around(joints, scores, first: Crop, size: tuple[int, int]) -> Crop:
    """The window around joints that were found, of those that are sure enough.

    In whole pixels, so that the exported graph's, with the noise of other arithmetic,
    is the same.

    Args:
        joints: `(joints, 2)`, picture pixels.
        scores: `(joints,)`
        first: The window of the whole picture.
        size: Columns and rows of the grid that is to be laid on the new one.
    """
    best = scores.max()  # below 0, maybe, in a network that has learnt nothing
    near = of_joints(joints, scores >= min(SURE * best, best))
    least = NEAREST * max(first.right[0], first.down[1])
    return Crop.around(*steadied(near["center"], np.maximum(near["side"], least)), size)


def enough(region: Region, scale: float, size: tuple[int, int]) -> Region:
    """As much of a picture as any look at it needs, so that many can be kept.

    Args:
        region: A picture that was read whole.
        scale: The smallest that a window's edges are multiplied by.
        size: Columns and rows of the grid.
    """
    return shrink(region, whole(region, size).scaled(NEAREST * scale), size)


def seen(region: Region, window: Crop, scales, size: tuple[int, int]) -> np.ndarray:
    """`(scales, height, width, 3)`: a window's pixels, as the network sees them.

    Shrunk by means of 2 x 2 pixels, and not further smoothed, as the graphs do that
    `hourglass-keras export` writes: the same joints are found.
    """
    images = []
    for scaled in map(window.scaled, scales):
        part = covered(region, scaled, size)
        images.append(cut(shrink(part, scaled, size), scaled, size))
    return np.stack(images)
