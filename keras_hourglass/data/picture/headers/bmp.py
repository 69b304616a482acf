"""The header of a BMP.

Microsoft, Bitmap Storage.
https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
"""

from struct import unpack_from

from keras_hourglass.data.picture.headers.header import Header

FIRST = 14  # bytes of the file's header; then the picture's, which says its own length


def header(data: bytes) -> Header:
    """Its size; rows that are stored from the top have a negative height."""
    (length,) = unpack_from("<I", data, FIRST)
    numbers = "<HH" if length == 12 else "<ii"  # 12: of OS/2
    width, height = unpack_from(numbers, data, FIRST + 4)
    return Header(width, abs(height))
