"""The header of a JPEG.

ITU-T T.81, annex B. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

from struct import unpack_from

from keras_hourglass.data.headers.header import Header
from keras_hourglass.data.headers.tiff import orientation

FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that hold the size
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers that nothing belongs to
SCAN, EXIF = 0xDA, 0xE1
END = b"\xff\xd9"


def header(data: bytes) -> Header:
    """Its size and orientation, once it is sure that the file has an end."""
    place, turn = 2, 1
    while (place := data.find(b"\xff", place)) >= 0:
        marker = data[place + 1]
        if marker in (0x00, 0xFF):  # no marker, or a byte that fills up before one
            place += 1
            continue
        if marker in ALONE:
            place += 2
            continue
        (length,) = unpack_from(">H", data, place + 2)
        body = place + 4
        if marker == EXIF and data[body : body + 6] == b"Exif\0\0":
            turn = orientation(data[body + 6 : place + 2 + length])
        if marker in FRAMES:
            height, width, channels = unpack_from(">HHB", data, body + 1)
            # No end within the data of a scan: there, a zero follows every 255.
            if data.rfind(END) < body:
                raise ValueError("it has lost its end")
            return Header(width, height, turn, channels)
        if marker == SCAN:
            break
        place += 2 + length
    raise ValueError("its header says no size")
