"""Image decoding: RGB pixels, and the window of the upright image that they cover."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.images import heif
from keras_hourglass.data.images.depth import to_8_bit
from keras_hourglass.data.images.headers import EXIF_TRANSFORMS, Header
from keras_hourglass.data.images.safety import (
    decode_error,
    read_bytes,
    read_checked_header,
    require_complete_jpeg,
)
from keras_hourglass.geometry import Window

AS_STORED = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
REDUCED = {  # reduction -> OpenCV's flags (those named after color would mean BGR)
    1: AS_STORED,
    2: AS_STORED | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: AS_STORED | cv2.IMREAD_REDUCED_GRAYSCALE_4,
}
# Not in RGB: of TIFF files, OpenCV 5 exchanges bytes, and not channels, of 16 bits.
DEEP = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


class ImageRegion(NamedTuple):
    """Pixels of an image, or of a part of it.

    Attributes:
        pixels: `(height, width, 3)`, uint8, RGB.
        place: The window of the image that they cover, maybe at reduced size.
    """

    pixels: np.ndarray
    place: Window

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def whole_region(pixels: np.ndarray, reduction: int = 1) -> ImageRegion:
    """Makes a region of a whole image, read at 1 / `reduction` of its size."""
    height, width = pixels.shape[:2]
    return ImageRegion(pixels, _whole_window(reduction * width, reduction * height))


@lru_cache
def _whole_window(width, height):
    return Window.from_rectangle(np.array([0.0, 0, width, height]))


def region_of_box(pixels: np.ndarray, box) -> ImageRegion:
    """Makes a region of the pixels of a box: x, y, width, height, in image pixels."""
    return ImageRegion(pixels, Window.from_rectangle(np.asarray(box, float)))


def read_image(source) -> np.ndarray:
    """Reads an image as an RGB array, upright as its EXIF orientation says.

    JPEG, PNG, WebP, BMP, GIF and TIFF files are recognized by their contents, whatever
    their names; HEIC and AVIF, too, where `pillow-heif` is installed. Of an animation
    the first frame is read; an alpha channel is dropped; grayscale, palettes and CMYK
    are converted. Of 16-bit channels whose values need fewer bits, say 12, the upper 8
    of those are kept.

    Args:
        source: Path of a file, or its contents as bytes.

    Returns:
        `(height, width, 3)` array, uint8, RGB.

    Raises:
        OSError: If there is no such file.
        ImageDecodeError: If it is not an image, is damaged or truncated, or has more
            than 134,217,728 pixels.

    Example:

    ```python
    import cv2
    import numpy as np
    import keras_hourglass as kh

    data = cv2.imencode(".png", np.zeros((48, 64, 3), "uint8"))[1].tobytes()
    image = kh.read_image(data)  # or a path: kh.read_image("photo.jpg")
    print(image.shape)  # (48, 64, 3)
    ```
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return read_region("the given data", bytes(source)).pixels
    return read_region(source).pixels


def read_region(path, data: bytes | None = None, reduction: int = 1) -> ImageRegion:
    """Reads an image as `read_image` does, and says which window its pixels cover.

    Args:
        path: Of the file.
        data: The file's bytes, if they have been read already.
        reduction: 1, 2 or 4: a JPEG is decoded at a half or a quarter of its size.

    Raises:
        OSError: If there is no such file.
        ImageDecodeError: If it is not an image, is damaged or too large.
    """
    data = read_bytes(path) if data is None else data
    return decode_image(path, data, read_checked_header(path, data), reduction)


def decode_image(path, data: bytes, header: Header, reduction: int = 1) -> ImageRegion:
    """Decodes an image whose header has been checked. See `read_region`."""
    reduction = reduction if header.channels else 1  # of JPEG alone
    pixels = _decode(path, data, header, reduction)
    shape = (-(-header.height // reduction), -(-header.width // reduction), 3)
    if pixels is None or pixels.shape != shape or pixels.dtype != np.uint8:
        raise decode_error(path, "damaged, or of a kind that OpenCV does not support")
    if header.channels:
        require_complete_jpeg(path, data, pixels)
    return to_upright(pixels, header, reduction)


def _decode(path, data, header, reduction):
    """Returns the pixels as stored; None where OpenCV cannot decode them."""
    if heif.is_heif(data):
        try:
            return heif.decode(data)
        except ValueError as error:
            raise decode_error(path, error) from None
    deep = header.depth > 8
    try:
        pixels = cv2.imdecode(
            np.frombuffer(data, np.uint8), DEEP if deep else REDUCED[reduction]
        )
    except cv2.error:
        return None
    if deep and pixels is not None and pixels.dtype == np.uint16:
        pixels = to_8_bit(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), path)
    return pixels


def to_upright(pixels: np.ndarray, header: Header, reduction: int = 1) -> ImageRegion:
    """Rotates and mirrors stored pixels as the header's orientation says."""
    if header.orientation == 1:  # nearly all images, and this runs once per sample
        return whole_region(pixels, reduction)
    transposed, *mirrored = EXIF_TRANSFORMS[header.orientation]
    size = np.array([header.width, header.height])
    if transposed:
        pixels, size = cv2.transpose(pixels), size[::-1]
    if any(mirrored):
        pixels = cv2.flip(pixels, {(1, 0): 1, (0, 1): 0, (1, 1): -1}[*mirrored])
    covered = reduction * np.array(pixels.shape[1::-1])
    # The last of reduced pixels may reach beyond the image; mirrored, it is the first.
    first = np.where(mirrored, size - covered, 0)
    return region_of_box(pixels, (*first, *covered))


def choose_reduction(window: Window, size: tuple[int, int]) -> int:
    """Chooses the reduction at which a window keeps a pixel for each of a grid's.

    Args:
        window: The window of the image that the grid is laid over.
        size: Width and height of the grid.

    Returns:
        1, 2 or 4, for `read_region`.
    """
    scale = window.scale(size)
    return next(factor for factor in (4, 2, 1) if factor * scale <= 1 or factor == 1)
