"""The header of a TIFF, which is also the form of EXIF within other formats.

Adobe, TIFF 6.0, sections 2 and 8; CIPA DC-008 (EXIF), orientation in its table 4.
"""

from struct import calcsize, error, unpack_from

from keras_hourglass.data.picture.headers.header import Header

WIDTH, HEIGHT, ORIENTATION = 0x0100, 0x0101, 0x0112
NUMBERS = {1: "B", 3: "H", 4: "I"}  # types of an entry: bytes, of two, of four


def header(data: bytes) -> Header:
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
