"""What the head of a picture's file says, without decoding it: a format each."""

import struct

from keras_hourglass.data.picture.headers import bmp, gif, jpeg, png, tiff, webp
from keras_hourglass.data.picture.headers.header import Header

__all__ = ["FORMATS", "Header", "read"]

FORMATS = {  # how a file of it begins -> its reader: bytes -> Header
    b"\xff\xd8": jpeg.header,
    b"\x89PNG\r\n\x1a\n": png.header,
    b"RIFF": webp.header,
    b"BM": bmp.header,
    b"GIF8": gif.header,
    b"II*\0": tiff.header,
    b"MM\0*": tiff.header,
}


def read(data: bytes) -> Header:
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
