"""Truncation: samples in which the photograph ends within the person.

As in front of a camera, mostly below the middle; beyond the end pixels are black, as
they are beyond the end of a photograph.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.augmentation.geometric import index_by_share
from keras_hourglass.geometry import Window

DIRECTIONS = ((0, 1), (1, 0), (-1, 0))  # down, right, left: x, y
DIRECTION_SHARES = 0.6, 0.2, 0.2
LIMITS = 0.02, 0.35  # distance of the end from the middle, in the image's edge


class Truncation(NamedTuple):
    """The end of a photograph within a sample.

    Attributes:
        direction: x and y, one of `DIRECTIONS`: where the photograph ends.
        limit: Distance of its end from the middle of the image, as a share of the edge.
    """

    direction: tuple[int, int]
    limit: float

    def hides(self, points, size: tuple[int, int]) -> np.ndarray:
        """Tests which points lie beyond the end.

        Args:
            points: `(..., points, 2)`, in pixels of a grid over the sample.
            size: Columns and rows of the grid.

        Returns:
            `(..., points)`, bool.
        """
        grid = Window.from_rectangle(np.array([0.0, 0, *size]))
        return grid.to_grid(points, (1, 1)) @ np.array(self.direction) > self.limit

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Makes an image, `(height, width, 3)`, black beyond the end, in place."""
        height, width = image.shape[:2]
        across = self.direction[0] != 0
        length = width if across else height
        diagonal = np.repeat(np.arange(length)[:, None], 2, axis=1)  # of a square
        beyond = self.hides(diagonal, (length, length))
        image[(slice(None), beyond) if across else beyond] = 0
        return image


def sample_truncation(random: np.random.Generator, probability: float):
    """Draws the end of a photograph; None where it has none.

    Always draws as many numbers.
    """
    chosen, which, limit = random.random(3).tolist()
    if chosen >= probability:
        return None
    index = index_by_share(DIRECTION_SHARES, which)
    low, high = LIMITS
    return Truncation(DIRECTIONS[index], low + limit * (high - low))
