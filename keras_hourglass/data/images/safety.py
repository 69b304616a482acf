"""Opening a picture's file: its bytes and its header, once they may be decoded.

JPEGs whose data end before their pixels do.

Decoders leave what they have no data for gray, and tell nobody but stderr.
"""

import os
from stat import S_ISREG

import cv2
import numpy as np

from keras_hourglass.data.images import headers
from keras_hourglass.data.images.headers import END, Header

MAX_PIXELS = 2**27  # 400 MB decoded; the finest telephones take 1.1e8 in one picture
MAX_BYTES = 2**29  # of a file; so many pixels without any compression, and to spare


class ImageDecodeError(ValueError):
    """A file that cannot be read as a picture."""


def decode_error(path, why) -> ImageDecodeError:
    """The error to raise of a file."""
    return ImageDecodeError(f"{path} cannot be read as a picture: {why}")


def read_bytes(path) -> bytes:
    """The bytes of a file, which is no folder and nothing without an end.

    Raises:
        OSError: If it is not there, or must not be read.
        BrokenPicture: If it is no file, or far too large.
    """
    try:
        found = os.stat(path)
    except ValueError as error:  # a name that no file can have
        raise decode_error(repr(path), error) from None
    if not S_ISREG(found.st_mode):
        raise decode_error(path, "it is no file")
    if found.st_size > MAX_BYTES:
        raise decode_error(
            path, f"it has {found.st_size:,} bytes, of at most {MAX_BYTES:,}"
        )
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def read_checked_header(path, data: bytes) -> Header:
    """The header of a picture that may be decoded.

    Args:
        path: Of the file, for the error.
        data: Its bytes.

    Raises:
        BrokenPicture: If it is of no known format, has lost its end, or is larger
            than `MOST_PIXELS`.
    """
    try:
        head = headers.read_header(data)
    except ValueError as error:
        raise decode_error(path, error) from None
    if not 0 < head.width * head.height <= MAX_PIXELS:
        raise decode_error(
            path,
            f"it says that it is {head.width} x {head.height} pixels, "
            f"of at most {MAX_PIXELS:,}",
        )
    return head


# Where nothing was decoded, in RGB; and what OpenCV makes of CMYK there.
GRAYS = [[128] * 3, [65] * 3]
MORE = bytes(range(32, 224)) * 4  # data like any other, for a scan that lacks some
SMALL = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION


def require_complete_jpeg(path, data: bytes, pixels: np.ndarray) -> np.ndarray:
    """The pixels of a JPEG, or of a part, once it is sure that its data reach them.

    Only where the last pixel is gray, which is rare, the file is looked at closely:
    given more data before its end, the picture changes if it lacked some.

    Args:
        path: Of the file, for the error.
        data: Its bytes.
        pixels: `(height, width, 3)`, uint8.

    Raises:
        BrokenPicture: If the data end before.
    """
    if pixels[-1, -1].tolist() in GRAYS:
        end = data.rindex(END)
        if not np.array_equal(_small(data), _small(data[:end] + MORE + data[end:])):
            raise decode_error(path, "its data end before its pixels")
    return pixels


def _small(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), SMALL)
