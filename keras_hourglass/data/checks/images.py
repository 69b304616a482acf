"""What there is to know of a picture's file."""

import hashlib
from typing import NamedTuple

from keras_hourglass.data.images import safety
from keras_hourglass.data.images.decoding import EXIF_TRANSFORMS, decode_image
from keras_hourglass.data.images.safety import ImageDecodeError


class ImageInfo(NamedTuple):
    """What a file turned out to be.

    Attributes:
        size: Width and height as shown, pixels; None if it cannot be read.
        turned: Whether it is stored otherwise than shown.
        digest: The same for files with the same bytes.
        missing: Whether there is no such file.
        fault: Why it cannot be read.
    """

    size: tuple[int, int] | None = None
    turned: bool = False
    digest: bytes | None = None
    missing: bool = False
    fault: str | None = None


def inspect_image(path: str, decode: bool = True) -> ImageInfo:
    """Looks at a file.

    Args:
        path: Of the file.
        decode: Whether to decode all of it, which alone finds damage within.
    """
    try:
        data = safety.read_bytes(path)
        head = safety.read_checked_header(path, data)
        size = head.width, head.height
        if decode:
            size = decode_image(path, data, head).size
        elif EXIF_TRANSFORMS[head.orientation][0]:
            size = size[::-1]
    except FileNotFoundError:
        return ImageInfo(missing=True)
    except (ImageDecodeError, OSError) as error:
        return ImageInfo(fault=str(error))
    digest = hashlib.blake2b(data, digest_size=16).digest()
    return ImageInfo(size, head.orientation != 1, digest)
