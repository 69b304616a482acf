"""What every reader of headers returns."""

from typing import NamedTuple


class Header(NamedTuple):
    """What is known of a picture before it is decoded.

    Attributes:
        width, height: In stored pixels.
        orientation: How it is turned when shown: 1 (not) to 8, as in EXIF.
        channels: Of a JPEG, whose four are CMYK; of other formats 0.
    """

    width: int
    height: int
    orientation: int = 1
    channels: int = 0
