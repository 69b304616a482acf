"""Opening a picture's file: its bytes and its header, once they may be decoded."""

import os
from stat import S_ISREG

from keras_hourglass.data.picture import headers
from keras_hourglass.data.picture.headers import Header

MOST_PIXELS = 2**27  # 400 MB decoded; the finest telephones take 1.1e8 in one picture
MOST_BYTES = 2**29  # of a file; so many pixels without any compression, and to spare


class BrokenPicture(ValueError):
    """A file that cannot be read as a picture."""


def broken(path, why) -> BrokenPicture:
    """The error to raise of a file."""
    return BrokenPicture(f"{path} cannot be read as a picture: {why}")


def contents(path) -> bytes:
    """The bytes of a file, which is no folder and nothing without an end.

    Raises:
        OSError: If it is not there, or must not be read.
        BrokenPicture: If it is no file, or far too large.
    """
    try:
        found = os.stat(path)
    except ValueError as error:  # a name that no file can have
        raise broken(repr(path), error) from None
    if not S_ISREG(found.st_mode):
        raise broken(path, "it is no file")
    if found.st_size > MOST_BYTES:
        raise broken(path, f"it has {found.st_size:,} bytes, of at most {MOST_BYTES:,}")
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def examined(path, data: bytes) -> Header:
    """The header of a picture that may be decoded.

    Args:
        path: Of the file, for the error.
        data: Its bytes.

    Raises:
        BrokenPicture: If it is of no known format, has lost its end, or is larger
            than `MOST_PIXELS`.
    """
    try:
        head = headers.read(data)
    except ValueError as error:
        raise broken(path, error) from None
    if not 0 < head.width * head.height <= MOST_PIXELS:
        raise broken(
            path,
            f"it says that it is {head.width} x {head.height} pixels, "
            f"of at most {MOST_PIXELS:,}",
        )
    return head
