"""The header of a WebP: of a photograph, of a lossless one, or of the extended kind.

RFC 9649, WebP Image Format; RFC 6386, section 9.1, for photographs.
https://www.rfc-editor.org/rfc/rfc9649
"""

from struct import unpack_from

from keras_hourglass.data.picture.headers.header import Header
from keras_hourglass.data.picture.headers.tiff import orientation

FIRST = 12  # bytes before the first chunk


def header(data: bytes) -> Header:
    """The size that its first chunk says, and the orientation of its EXIF chunk."""
    kind, body = data[FIRST : FIRST + 4], FIRST + 8
    if data[8:12] != b"WEBP" or kind not in SIZES:
        raise ValueError("its header is damaged")
    width, height = SIZES[kind](data, body)
    return Header(width, height, _turn(data) if kind == b"VP8X" else 1)


def _photograph(data, body):
    width, height = unpack_from("<HH", data, body + 6)
    return width & 0x3FFF, height & 0x3FFF  # above them, how they are to be scaled


def _lossless(data, body):
    (bits,) = unpack_from("<I", data, body + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(data, body):
    low_x, high_x, low_y, high_y = unpack_from("<HBHB", data, body + 4)
    return (high_x << 16 | low_x) + 1, (high_y << 16 | low_y) + 1


def _turn(data):
    place = FIRST
    while place + 8 <= len(data):
        name, length = unpack_from("<4sI", data, place)
        if name == b"EXIF":
            return orientation(data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return 1


SIZES = {b"VP8 ": _photograph, b"VP8L": _lossless, b"VP8X": _extended}
