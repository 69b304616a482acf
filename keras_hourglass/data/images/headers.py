"""Image headers: size and orientation of a file, without decoding it.

One reader per format, recognized by the file's first bytes:

* BMP: Microsoft, Bitmap Storage.
  https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
* GIF: CompuServe, Graphics Interchange Format 89a, section 18.
  https://www.w3.org/Graphics/GIF/spec-gif89a.txt
* JPEG: ITU-T T.81, annex B. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
* PNG: W3C, Portable Network Graphics, third edition, sections 5 and 11.
  https://www.w3.org/TR/png-3/
* TIFF, which is also the layout of EXIF blocks in other formats: Adobe, TIFF 6.0,
  sections 2 and 8; CIPA DC-008 (EXIF), table 4 for the orientation.
* WebP, lossy, lossless and extended: RFC 9649; RFC 6386, section 9.1.
  https://www.rfc-editor.org/rfc/rfc9649

Pillow is not used: it is not a dependency, and some of these checks (scans without
number, a missing end) are needed before anything decodes the file. HEIC and AVIF alone
are left to it (`data/images/heif.py`).
"""

import struct
from struct import calcsize, unpack_from
from typing import NamedTuple

from keras_hourglass.data.images import heif

EXIF_TRANSFORMS = {  # orientation -> transpose; then mirror x, mirror y
    **{1: (False, 0, 0), 2: (False, 1, 0), 3: (False, 1, 1), 4: (False, 0, 1)},
    **{5: (True, 0, 0), 6: (True, 1, 0), 7: (True, 1, 1), 8: (True, 0, 1)},
}


class Header(NamedTuple):
    """Properties of an image that are known before it is decoded.

    Attributes:
        width, height: In pixels, as stored.
        orientation: EXIF orientation, 1 (upright) to 8.
        channels: Of a JPEG, 4 for CMYK; 0 for all other formats.
        depth: Bits of a channel, of PNG and TIFF; 8 for all other formats.
    """

    width: int
    height: int
    orientation: int = 1
    channels: int = 0
    depth: int = 8

    @property
    def transposed(self) -> bool:
        """Whether the orientation exchanges width and height."""
        return EXIF_TRANSFORMS[self.orientation][0]

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright image."""
        size = self.width, self.height
        return size[::-1] if self.transposed else size


BMP_INFO_START = 14  # bytes of the file header; the info header says its own length
BMP_OS2_LENGTH = 12  # of an OS/2 info header, whose sizes are 16-bit


def read_bmp_header(data: bytes) -> Header:
    """Reads the size of a BMP; rows stored from the top have a negative height."""
    (length,) = unpack_from("<I", data, BMP_INFO_START)
    layout = "<HH" if length == BMP_OS2_LENGTH else "<ii"
    width, height = unpack_from(layout, data, BMP_INFO_START + 4)
    return Header(width, abs(height))


def read_gif_header(data: bytes) -> Header:
    """Reads the size of the logical screen that all frames of a GIF are drawn on."""
    return Header(*unpack_from("<HH", data, 6))


# TIFF tags. Of the bits of each channel, all channels have the same in practice.
WIDTH, HEIGHT, BITS, ORIENTATION = 0x0100, 0x0101, 0x0102, 0x0112
TAG_TYPES = {1: "B", 3: "H", 4: "I"}  # BYTE, SHORT, LONG


def read_tiff_header(data: bytes) -> Header:
    """Reads the size of a TIFF's first image, upright: OpenCV rotates TIFF itself."""
    tags = read_tiff_tags(data)
    if WIDTH not in tags or HEIGHT not in tags:
        raise ValueError("its header has no size")
    size = tags[WIDTH], tags[HEIGHT]
    transposed = valid_orientation(tags.get(ORIENTATION)) > 4
    return Header(*(size[::-1] if transposed else size), depth=tags.get(BITS, 8))


def read_orientation(exif: bytes) -> int:
    """Reads the orientation of an EXIF block; 1 (upright) if it has no usable one."""
    try:
        return valid_orientation(read_tiff_tags(exif).get(ORIENTATION))
    except (ValueError, struct.error):
        return 1


def read_tiff_tags(data: bytes) -> dict[int, int]:
    """Reads width, height, depth and orientation, tag -> value, of the first directory.

    Raises:
        ValueError, struct.error: If it is not a TIFF, or is truncated.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("not a TIFF")
    (start,) = unpack_from(order + "I", data, 4)
    (count,) = unpack_from(order + "H", data, start)
    tags, entry_size = {}, calcsize("<HHII")
    for i in range(count):
        entry = start + 2 + entry_size * i
        tag, kind, count = unpack_from(order + "HHI", data, entry)
        if tag in (WIDTH, HEIGHT, BITS, ORIENTATION) and kind in TAG_TYPES:
            place = entry + 8
            if count * calcsize(TAG_TYPES[kind]) > 4:  # the entry says where they are
                (place,) = unpack_from(order + "I", data, place)
            (tags[tag],) = unpack_from(order + TAG_TYPES[kind], data, place)
    return tags


def valid_orientation(value) -> int:
    """Returns the value of an EXIF orientation, or 1 (upright) if there is none."""
    return value if value in range(1, 9) else 1


FRAME_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF: they hold the size
PROGRESSIVE_MARKERS = {0xC2, 0xC6, 0xCA, 0xCE}
BARE_MARKERS = {0x01, *range(0xD0, 0xD8)}  # TEM, RST: no segment follows
SCAN_MARKER, EXIF_MARKER = 0xDA, 0xE1
END_OF_IMAGE = b"\xff\xd9"
MAX_SCANS = 100  # each takes the time of a whole image, and as little as ten bytes


def read_jpeg_header(data: bytes) -> Header:
    """Reads size, orientation and channels of a JPEG, and bounds its scans.

    Raises:
        ValueError: If it has no size, no end, or too many scans.
    """
    orientation, frame = 1, None
    for marker, start, end in _jpeg_segments(data):
        if marker in FRAME_MARKERS and frame is None:
            frame = marker
            height, width, channels = unpack_from(">HHB", data, start + 1)
        elif marker == EXIF_MARKER and data[start : start + 6] == b"Exif\0\0":
            orientation = read_orientation(data[start + 6 : end])
        elif marker == SCAN_MARKER:
            break
    else:
        raise ValueError("truncated within its header")
    if frame is None:
        raise ValueError("its header has no size")
    # In the data of a scan, each 255 is followed by 0: an end is no part of them.
    if data.rfind(END_OF_IMAGE) < start:
        raise ValueError("truncated: the end-of-image marker is missing")
    if frame in PROGRESSIVE_MARKERS or data[start] < channels:
        scans = data.count(bytes([0xFF, SCAN_MARKER]), start - 4)
        if scans > MAX_SCANS:
            raise ValueError(f"it has {scans:,} scans, at most {MAX_SCANS} are allowed")
    return Header(width, height, orientation, channels)


def _jpeg_segments(data):
    """Yields marker, start and end of each segment, including the first scan's."""
    position = 2
    while (position := data.find(b"\xff", position)) >= 0:
        marker = data[position + 1]
        if marker in (0x00, 0xFF):  # a stuffed byte, or a fill byte before a marker
            position += 1
        elif marker in BARE_MARKERS:
            position += 2
        else:
            (length,) = unpack_from(">H", data, position + 2)
            yield marker, position + 4, position + 2 + length
            position += 2 + length


PNG_CHUNKS_START = 8  # bytes of the signature


def read_png_header(data: bytes) -> Header:
    """Reads the size in a PNG's first chunk, and the orientation in its EXIF chunk."""
    if data[PNG_CHUNKS_START + 4 : PNG_CHUNKS_START + 8] != b"IHDR":
        raise ValueError("its header is damaged")
    width, height, depth = unpack_from(">IIB", data, PNG_CHUNKS_START + 8)
    position, orientation = PNG_CHUNKS_START, 1
    while position + 8 <= len(data):
        length, name = unpack_from(">I4s", data, position)
        if name == b"eXIf":
            orientation = read_orientation(data[position + 8 : position + 8 + length])
        if name in (b"eXIf", b"IEND"):
            break
        position += 12 + length  # length, name, and a checksum after the data
    return Header(width, height, orientation, depth=depth)


WEBP_CHUNKS_START = 12  # bytes of the RIFF header


def read_webp_header(data: bytes) -> Header:
    """Reads the size in a WebP's first chunk, and the orientation in its EXIF chunk."""
    kind, body = data[WEBP_CHUNKS_START:][:4], WEBP_CHUNKS_START + 8
    if data[8:12] != b"WEBP" or kind not in WEBP_SIZES:
        raise ValueError("its header is damaged")
    width, height = WEBP_SIZES[kind](data, body)
    return Header(width, height, _webp_orientation(data) if kind == b"VP8X" else 1)


def _lossy_size(data, body):
    width, height = unpack_from("<HH", data, body + 6)
    return width & 0x3FFF, height & 0x3FFF  # the upper bits are a scaling hint


def _lossless_size(data, body):
    (bits,) = unpack_from("<I", data, body + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended_size(data, body):
    low_x, high_x, low_y, high_y = unpack_from("<HBHB", data, body + 4)
    return (high_x << 16 | low_x) + 1, (high_y << 16 | low_y) + 1


def _webp_orientation(data):
    position = WEBP_CHUNKS_START
    while position + 8 <= len(data):
        name, length = unpack_from("<4sI", data, position)
        if name == b"EXIF":
            return read_orientation(data[position + 8 : position + 8 + length])
        position += 8 + length + length % 2
    return 1


WEBP_SIZES = {b"VP8 ": _lossy_size, b"VP8L": _lossless_size, b"VP8X": _extended_size}

HEADER_READERS = {  # first bytes of a file -> reader of its header
    b"\xff\xd8": read_jpeg_header,
    b"\x89PNG\r\n\x1a\n": read_png_header,
    b"RIFF": read_webp_header,
    b"BM": read_bmp_header,
    b"GIF8": read_gif_header,
    b"II*\0": read_tiff_header,
    b"MM\0*": read_tiff_header,
}


def read_header(data: bytes) -> Header:
    """Reads the header of an image of any supported format, whatever its file name.

    Raises:
        ValueError: If the format is not supported, or the header is damaged.
    """
    if heif.is_heif(data):
        image = heif.open_image(data)
        return Header(*image.size, valid_orientation(image.getexif().get(ORIENTATION)))
    for magic, reader in HEADER_READERS.items():
        if data.startswith(magic):
            try:
                return reader(data)
            except (struct.error, IndexError):
                raise ValueError("truncated within its header") from None
    raise ValueError("not a JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF file")
