"""Safety of images: limits and checks before and after decoding.

Files are bounded in bytes and pixels before anything is decoded. Truncated JPEGs are
refused: decoders fill the missing part with gray, and report it on stderr alone.
"""

import os
from stat import S_ISREG

import cv2
import numpy as np

from keras_hourglass.data.images import headers
from keras_hourglass.data.images.headers import END_OF_IMAGE, Header

MAX_PIXELS = 2**27  # 400 MB decoded; the largest phone cameras take 1.1e8 pixels
MAX_BYTES = 2**29  # of a file: more than as many pixels take without compression

# Errors of images and videos name the file; OpenCV's own messages on stderr do not.
if hasattr(cv2, "setLogLevel"):  # before OpenCV 5
    cv2.setLogLevel(0)
else:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class ImageDecodeError(ValueError):
    """Raised for a file that cannot be read as an image; the message names it.

    A missing file is not one of these: it raises `FileNotFoundError`.
    """


def decode_error(path, reason) -> ImageDecodeError:
    """Makes the error to raise for a file."""
    return ImageDecodeError(f"{path} cannot be read as an image: {reason}")


def read_bytes(path) -> bytes:
    """Reads a regular file of limited size: no folder, pipe or device.

    Raises:
        OSError: If the file does not exist, or must not be read.
        ImageDecodeError: If it is not a regular file, or larger than `MAX_BYTES`.
    """
    try:
        status = os.stat(path)
    except ValueError as error:  # a path that no file can have
        raise decode_error(repr(path), error) from None
    if not S_ISREG(status.st_mode):
        raise decode_error(path, "not a regular file")
    if status.st_size > MAX_BYTES:
        raise decode_error(
            path, f"it has {status.st_size:,} bytes, at most {MAX_BYTES:,} are allowed"
        )
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def read_checked_header(path, data: bytes) -> Header:
    """Reads the header of an image that is safe to decode.

    Args:
        path: Of the file, for the error.
        data: The file's bytes.

    Raises:
        ImageDecodeError: If the format is not supported, the file is truncated, or
            the image is larger than `MAX_PIXELS`.
    """
    try:
        header = headers.read_header(data)
    except ValueError as error:
        raise decode_error(path, error) from None
    if not 0 < header.width * header.height <= MAX_PIXELS:
        raise decode_error(
            path,
            f"its header says {header.width} x {header.height} pixels, at least 1 and "
            f"at most {MAX_PIXELS:,} are allowed",
        )
    return header


# Fill color of missing data in RGB, and OpenCV's conversion of it from CMYK.
FILL_COLORS = [[128] * 3, [65] * 3]
MORE_DATA = bytes(range(32, 224)) * 4  # valid scan data, for a scan that lacks some
COMPLETE = set()  # JPEGs that were found complete, path and length: checked once
THUMBNAIL = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION


def require_complete_jpeg(path, data: bytes, pixels: np.ndarray) -> np.ndarray:
    """Checks that a JPEG's data reach the end of its decoded pixels.

    Only where the last pixel has a decoder's fill color, which is rare, the file is
    decoded again with more data before its end: a complete image does not change. Of
    such data, libjpeg prints a warning: "Corrupt JPEG data: 767 extraneous bytes".

    Args:
        path: Of the file, for the error.
        data: The file's bytes.
        pixels: `(height, width, 3)`, uint8, the image or a part of it.

    Returns:
        `pixels`.

    Raises:
        ImageDecodeError: If the file is truncated.
    """
    key = path, len(data)
    if pixels[-1, -1].tolist() in FILL_COLORS and key not in COMPLETE:
        end = data.rindex(END_OF_IMAGE)
        longer = data[:end] + MORE_DATA + data[end:]
        if not np.array_equal(_thumbnail(data), _thumbnail(longer)):
            raise decode_error(path, "truncated: its data end before its pixels")
        COMPLETE.add(key)
    return pixels


def _thumbnail(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), THUMBNAIL)
