"""What there is to know of a picture's file."""

import hashlib
from typing import NamedTuple

from keras_hourglass.data.images import decode as decode_
from keras_hourglass.data.images import safety
from keras_hourglass.data.images.safety import BrokenPicture


class Facts(NamedTuple):
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


def look(path: str, decode: bool = True) -> Facts:
    """Looks at a file.

    Args:
        path: Of the file.
        decode: Whether to decode all of it, which alone finds damage within.
    """
    try:
        data = safety.contents(path)
        head = safety.examined(path, data)
        size = head.width, head.height
        if decode:
            size = decode_.decode(path, data, head).size
        elif decode_.TURNS[head.orientation][0]:
            size = size[::-1]
    except FileNotFoundError:
        return Facts(missing=True)
    except (BrokenPicture, OSError) as error:
        return Facts(fault=str(error))
    digest = hashlib.blake2b(data, digest_size=16).digest()
    return Facts(size, head.orientation != 1, digest)
