"""What every reader of headers returns.

The header of a BMP.

Microsoft, Bitmap Storage.
https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage

The header of a GIF.

CompuServe, Graphics Interchange Format 89a, section 18.
https://www.w3.org/Graphics/GIF/spec-gif89a.txt

The header of a TIFF, which is also the form of EXIF within other formats.

Adobe, TIFF 6.0, sections 2 and 8; CIPA DC-008 (EXIF), orientation in its table 4.

The header of a JPEG.

ITU-T T.81, annex B. https://www.w3.org/Graphics/JPEG/itu-t81.pdf

The header of a PNG.

W3C, Portable Network Graphics, third edition, sections 5 and 11.
https://www.w3.org/TR/png-3/

The header of a WebP: of a photograph, of a lossless one, or of the extended kind.

RFC 9649, WebP Image Format; RFC 6386, section 9.1, for photographs.
https://www.rfc-editor.org/rfc/rfc9649

What the head of a picture's file says, without decoding it: a format each.
"""

import struct
from struct import calcsize, error, unpack_from
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


BMP_START = (
    14  # bytes of the file's header; then the picture's, which says its own length
)


def read_bmp_header(data: bytes) -> Header:
    """Its size; rows that are stored from the top have a negative height."""
    (length,) = unpack_from("<I", data, BMP_START)
    numbers = "<HH" if length == 12 else "<ii"  # 12: of OS/2
    width, height = unpack_from(numbers, data, BMP_START + 4)
    return Header(width, abs(height))


def read_gif_header(data: bytes) -> Header:
    """The size of the screen that all of its frames are drawn on."""
    return Header(*unpack_from("<HH", data, 6))


WIDTH, HEIGHT, ORIENTATION = 0x0100, 0x0101, 0x0112
NUMBERS = {1: "B", 3: "H", 4: "I"}  # types of an entry: bytes, of two, of four


def read_tiff_header(data: bytes) -> Header:
    """The size of the first of its pictures as shown: OpenCV turns TIFF by itself."""
    found = entries(data)
    if WIDTH not in found or HEIGHT not in found:
        raise ValueError("its header says no size")
    size = found[WIDTH], found[HEIGHT]
    return Header(*(size[::-1] if _valid(found.get(ORIENTATION)) > 4 else size))


def orientation(data: bytes) -> int:
    """The orientation in an EXIF block; 1, as it is, if there is no usable one."""
    try:
        return _valid(entries(data).get(ORIENTATION))
    except (ValueError, error):
        return 1


def entries(data: bytes) -> dict[int, int]:
    """Tag -> number, of the three tags, in the first directory.

    Raises:
        ValueError, struct.error: If it is no TIFF, or ends before.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("it is no TIFF")
    (start,) = unpack_from(order + "I", data, 4)
    (count,) = unpack_from(order + "H", data, start)
    found, size = {}, calcsize("<HHII")
    for i in range(count):
        entry = start + 2 + size * i
        tag, kind, _ = unpack_from(order + "HHI", data, entry)
        if tag in (WIDTH, HEIGHT, ORIENTATION) and kind in NUMBERS:
            (found[tag],) = unpack_from(order + NUMBERS[kind], data, entry + 8)
    return found


def _valid(value):
    return value if value in range(1, 9) else 1


FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that hold the size
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}  # those of frames of many scans
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers that nothing belongs to
SCAN, EXIF, END = 0xDA, 0xE1, b"\xff\xd9"
MAX_SCANS = 100  # each takes the time of a whole picture, and as little as ten bytes


def read_jpeg_header(data: bytes) -> Header:
    """Its size and orientation, once it is sure that decoding it has an end.

    Raises:
        ValueError: If it says no size, has lost its end, or has too many scans.
    """
    turn, frame = 1, None
    for marker, start, end in _segments(data):
        if marker in FRAMES and frame is None:
            frame, (height, width, channels) = (
                marker,
                unpack_from(">HHB", data, start + 1),
            )
        elif marker == EXIF and data[start : start + 6] == b"Exif\0\0":
            turn = orientation(data[start + 6 : end])
        elif marker == SCAN:
            break
    else:
        raise ValueError("it ends within its header")
    if frame is None:
        raise ValueError("its header says no size")
    # No end is within the data of a scan: there, a zero follows every 255.
    if data.rfind(END) < start:
        raise ValueError("it has lost its end")
    if frame in PROGRESSIVE or data[start] < channels:
        scans = data.count(b"\xff\xda", start - 4)
        if scans > MAX_SCANS:
            raise ValueError(f"it has {scans:,} scans, of at most {MAX_SCANS}")
    return Header(width, height, turn, channels)


def _segments(data):
    """Marker, start and end of what belongs to it, up to the data of a scan."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0:
        marker = data[place + 1]
        if marker in (0x00, 0xFF):  # no marker, or a byte that fills up before one
            place += 1
        elif marker in ALONE:
            place += 2
        else:
            (length,) = unpack_from(">H", data, place + 2)
            yield marker, place + 4, place + 2 + length
            place += 2 + length


PNG_START = 8  # bytes before the first chunk


def read_png_header(data: bytes) -> Header:
    """The size that its first chunk says, and the orientation of its EXIF chunk."""
    if data[PNG_START + 4 : PNG_START + 8] != b"IHDR":
        raise ValueError("its header is damaged")
    width, height = unpack_from(">II", data, PNG_START + 8)
    place, turn = PNG_START, 1
    while place + 8 <= len(data):
        length, name = unpack_from(">I4s", data, place)
        if name == b"eXIf":
            turn = orientation(data[place + 8 : place + 8 + length])
        if name in (b"eXIf", b"IEND"):
            break
        place += 12 + length  # length, name, and a checksum after the data
    return Header(width, height, turn)


WEBP_START = 12  # bytes before the first chunk


def read_webp_header(data: bytes) -> Header:
    """The size that its first chunk says, and the orientation of its EXIF chunk."""
    kind, body = data[WEBP_START : WEBP_START + 4], WEBP_START + 8
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
    place = WEBP_START
    while place + 8 <= len(data):
        name, length = unpack_from("<4sI", data, place)
        if name == b"EXIF":
            return orientation(data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return 1


SIZES = {b"VP8 ": _photograph, b"VP8L": _lossless, b"VP8X": _extended}


FORMATS = {  # how a file of it begins -> its reader: bytes -> Header
    b"\xff\xd8": read_jpeg_header,
    b"\x89PNG\r\n\x1a\n": read_png_header,
    b"RIFF": read_webp_header,
    b"BM": read_bmp_header,
    b"GIF8": read_gif_header,
    b"II*\0": read_tiff_header,
    b"MM\0*": read_tiff_header,
}


def read_header(data: bytes) -> Header:
    """The header of a picture, whatever its file is called.

    Raises:
        ValueError: If it is none of the formats, or its header is damaged.
    """
    for magic, header in FORMATS.items():
        if data.startswith(magic):
            try:
                return header(data)
            except (struct.error, IndexError):
                raise ValueError("it ends within its header") from None
    raise ValueError("it is no JPEG, PNG, WebP, BMP, GIF or TIFF")
