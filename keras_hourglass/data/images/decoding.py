"""Reading pictures: RGB pixels, and where they lie on the picture as it is shown."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.images.headers import Header
from keras_hourglass.data.images.safety import (
    decode_error,
    read_bytes,
    read_checked_header,
    require_complete_jpeg,
)
from keras_hourglass.geometry import Window

AS_STORED = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
REDUCED = {  # OpenCV's flags by how far it is to reduce; those of color mean BGR
    1: AS_STORED,
    2: AS_STORED | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: AS_STORED | cv2.IMREAD_REDUCED_GRAYSCALE_4,
}
TURNS = {  # orientation -> whether rows are shown as columns; then, x and y mirrored
    **{1: (False, 0, 0), 2: (False, 1, 0), 3: (False, 1, 1), 4: (False, 0, 1)},
    **{5: (True, 0, 0), 6: (True, 1, 0), 7: (True, 1, 1), 8: (True, 0, 1)},
}

# Errors here name the file; OpenCV's own lines beside them do not.
if hasattr(cv2, "setLogLevel"):  # before OpenCV 5
    cv2.setLogLevel(0)
else:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class ImageRegion(NamedTuple):
    """Some pixels of a picture.

    Attributes:
        pixels: `(height, width, 3)`, uint8, RGB.
        place: The window of the picture that they fill, maybe at reduced size.
    """

    pixels: np.ndarray
    place: Window

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def whole_region(pixels: np.ndarray, reduction: int = 1) -> ImageRegion:
    """A picture that was read whole; each pixel covers `reduction` x `reduction`."""
    height, width = pixels.shape[:2]
    return ImageRegion(pixels, _all_of(reduction * width, reduction * height))


@lru_cache
def _all_of(width, height):
    return Window.from_rectangle(np.array([0.0, 0, width, height]))


def region_of_box(pixels: np.ndarray, box) -> ImageRegion:
    """The pixels of a box of the picture: x, y, width, height."""
    return ImageRegion(pixels, Window.from_rectangle(np.asarray(box, float)))


def read_image(path, data: bytes | None = None, reduction: int = 1) -> ImageRegion:
    """Reads a picture, turned as its EXIF tag says; of several frames, the first.

    Transparency is left out: every pixel has the colour that is stored of it.

    Args:
        path: Of the file.
        data: Its bytes, where they are known already.
        reduction: 1, 2 or 4: a JPEG is read at a half or a quarter of its size.

    Raises:
        OSError: If there is no such file.
        BrokenPicture: If it is no picture, is damaged or too large.
    """
    data = read_bytes(path) if data is None else data
    return decode_image(path, data, read_checked_header(path, data), reduction)


def decode_image(path, data: bytes, head: Header, reduction: int = 1) -> ImageRegion:
    """What `read` does, of a file whose header was examined."""
    reduction = reduction if head.channels else 1  # of a JPEG
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED[reduction])
    except cv2.error:
        pixels = None
    size = (-(-head.height // reduction), -(-head.width // reduction), 3)
    if pixels is None or pixels.shape != size or pixels.dtype != np.uint8:
        raise decode_error(
            path, "it is damaged, or of a kind that OpenCV does not know"
        )
    if head.channels:
        require_complete_jpeg(path, data, pixels)
    return _shown(pixels, head, reduction)


def _shown(pixels, head, reduction):
    """Stored pixels, turned as they are shown."""
    if head.orientation == 1:  # nearly all, and small steps add up
        return whole_region(pixels, reduction)
    transposed, *mirrored = TURNS[head.orientation]
    size = np.array([head.width, head.height])
    if transposed:
        pixels, size = cv2.transpose(pixels), size[::-1]
    if any(mirrored):
        pixels = cv2.flip(pixels, {(1, 0): 1, (0, 1): 0, (1, 1): -1}[*mirrored])
    covered = reduction * np.array(pixels.shape[1::-1])
    # The last of reduced pixels may reach beyond the picture, by what is mirrored.
    first = np.where(mirrored, size - covered, 0)
    return region_of_box(pixels, (*first, *covered))


def choose_reduction(window: Window, size: tuple[int, int]) -> int:
    """How far a picture may be reduced before a window of it is laid on a grid.

    At least as many pixels as the grid has stay under it.
    """
    share = window.scale(size)
    return next(factor for factor in (4, 2, 1) if factor * share <= 1 or factor == 1)
