"""The header of a PNG.

W3C, Portable Network Graphics, third edition, sections 5 and 11.
https://www.w3.org/TR/png-3/
"""

from struct import unpack_from

from keras_hourglass.data.picture.headers.header import Header
from keras_hourglass.data.picture.headers.tiff import orientation

FIRST = 8  # bytes before the first chunk


def header(data: bytes) -> Header:
    """The size that its first chunk says, and the orientation of its EXIF chunk."""
    if data[FIRST + 4 : FIRST + 8] != b"IHDR":
        raise ValueError("its header is damaged")
    width, height = unpack_from(">II", data, FIRST + 8)
    place, turn = FIRST, 1
    while place + 8 <= len(data):
        length, name = unpack_from(">I4s", data, place)
        if name == b"eXIf":
            turn = orientation(data[place + 8 : place + 8 + length])
        if name in (b"eXIf", b"IEND"):
            break
        place += 12 + length  # length, name, and a checksum after the data
    return Header(width, height, turn)
