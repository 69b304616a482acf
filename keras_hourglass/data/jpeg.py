"""What the head of a JPEG file says, without decoding the picture.

ITU-T T.81 (JPEG), annex B; CIPA DC-008 (EXIF), orientation in its table 4.
"""

import struct
from typing import NamedTuple

FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that hold the size
SCAN, EXIF, ORIENTATION = 0xDA, 0xE1, 0x0112


class Header(NamedTuple):
    """Size in stored pixels, and how the picture is turned when shown (1: not)."""

    width: int
    height: int
    channels: int
    orientation: int = 1


def header(data: bytes) -> Header | None:
    """The header of a JPEG; None if these bytes are no JPEG, or end too early."""
    if data[:2] != b"\xff\xd8":
        return None
    place, orientation = 2, 1
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + length]
        if marker == EXIF and body[:6] == b"Exif\0\0":
            orientation = _orientation(body[6:])
        if marker in FRAMES and len(body) >= 6:
            height, width, channels = struct.unpack_from(">HHB", body, 1)
            return Header(width, height, channels, orientation)
        if marker == SCAN:
            return None
        place += 2 + length
    return None


def _orientation(tiff: bytes) -> int:
    """The orientation tag of an EXIF block; 1, as is, if there is none."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for i in range(entries):
            entry = start + 2 + 12 * i
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1
