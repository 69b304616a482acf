"""Image files: size, orientation, digest and faults of each."""

import hashlib
from typing import NamedTuple

from keras_hourglass.data.images import safety
from keras_hourglass.data.images.decoding import decode_image
from keras_hourglass.data.images.headers import Header
from keras_hourglass.data.images.safety import ImageDecodeError


class ImageInfo(NamedTuple):
    """Properties of an image file.

    Attributes:
        size: Width and height of the upright image, pixels; None if it is unreadable.
        rotated: Whether its EXIF orientation rotates or mirrors it.
        header: Its header; None if it is unreadable.
        digest: Digest of the file's bytes.
        missing: Whether there is no such file.
        fault: The reason why it cannot be read.
    """

    size: tuple[int, int] | None = None
    rotated: bool = False
    header: Header | None = None
    digest: bytes | None = None
    missing: bool = False
    fault: str | None = None


def inspect_image(path: str, decode: bool = True) -> ImageInfo:
    """Inspects an image file.

    Args:
        path: Of the file.
        decode: Whether to decode it, which is needed to find damage in its pixels.
    """
    try:
        data = safety.read_bytes(path)
        header = safety.read_checked_header(path, data)
        if decode:
            decode_image(path, data, header)
    except FileNotFoundError:
        return ImageInfo(missing=True)
    except (ImageDecodeError, OSError) as error:
        return ImageInfo(fault=str(error))
    digest = hashlib.blake2b(data, digest_size=16).digest()
    rotated = header.orientation != 1
    return ImageInfo(header.upright_size, rotated, header, digest)
