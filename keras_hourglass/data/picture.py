"""Reading pictures: RGB pixels, and where they lie on the picture as it is shown."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.jpeg import header
from keras_hourglass.geometry import Crop

REDUCED = {  # OpenCV's flags by how far it is to reduce; those of color mean BGR
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_4,
}


class BrokenPicture(ValueError):
    """A file that cannot be read as a picture."""


class Region(NamedTuple):
    """Some pixels of a picture.

    Attributes:
        pixels: `(height, width, 3)`, uint8, RGB.
        place: The window of the picture that they fill, maybe at reduced size.
    """

    pixels: np.ndarray
    place: Crop

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def whole(pixels: np.ndarray) -> Region:
    """A picture that was read whole."""
    height, width = pixels.shape[:2]
    return boxed(pixels, (0, 0, width, height))


def boxed(pixels: np.ndarray, box) -> Region:
    """The pixels of a box of the picture: x, y, width, height."""
    return Region(pixels, Crop.of_rectangle(np.asarray(box, float)))


def read(path, data: bytes | None = None, reduction: int = 1) -> Region:
    """Reads a picture, turned as its EXIF tag says.

    Args:
        path: Of the file.
        data: Its bytes, where they are known already.
        reduction: 1, 2 or 4: reads at a half or a quarter of the size, where it is
            sure what part of the picture each pixel then is.

    Raises:
        FileNotFoundError: If there is no such file.
        BrokenPicture: If it is no picture or is damaged.
    """
    data = Path(path).read_bytes() if data is None else data
    pixels, head = None, header(data)
    # Other formats are rounded down; of a turned picture the rounding may come first.
    if head is None or head.orientation != 1:
        reduction = 1
    if data:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED[reduction])
    if pixels is None:
        raise BrokenPicture(f"{path} cannot be read as a picture")
    height, width = (reduction * side for side in pixels.shape[:2])
    return boxed(pixels, (0, 0, width, height))


def reduction_for(window: Crop, size: tuple[int, int]) -> int:
    """How far a picture may be reduced before a window of it is laid on a grid.

    At least as many pixels as the grid has stay under it.
    """
    share = window.pixels_per_image_pixel(size)
    return next(factor for factor in (4, 2, 1) if factor * share <= 1 or factor == 1)
