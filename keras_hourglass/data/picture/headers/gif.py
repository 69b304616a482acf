"""The header of a GIF.

CompuServe, Graphics Interchange Format 89a, section 18.
https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

from struct import unpack_from

from keras_hourglass.data.picture.headers.header import Header


def header(data: bytes) -> Header:
    """The size of the screen that all of its frames are drawn on."""
    return Header(*unpack_from("<HH", data, 6))
