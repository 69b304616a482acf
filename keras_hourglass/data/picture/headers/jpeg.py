"""The header of a JPEG.

ITU-T T.81, annex B. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

from struct import unpack_from

from keras_hourglass.data.picture.headers.header import Header
from keras_hourglass.data.picture.headers.tiff import orientation

FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that hold the size
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}  # those of frames of many scans
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers that nothing belongs to
SCAN, EXIF, END = 0xDA, 0xE1, b"\xff\xd9"
MOST_SCANS = 100  # each takes the time of a whole picture, and as little as ten bytes


def header(data: bytes) -> Header:
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
        if scans > MOST_SCANS:
            raise ValueError(f"it has {scans:,} scans, of at most {MOST_SCANS}")
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
