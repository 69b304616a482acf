"""JPEGs whose data end before their pixels do.

Decoders leave what they have no data for gray, and tell nobody but stderr.
"""

import cv2
import numpy as np

from keras_hourglass.data.picture.headers.jpeg import END
from keras_hourglass.data.picture.opening import broken

# Where nothing was decoded, in RGB; and what OpenCV makes of CMYK there.
GRAYS = [[128] * 3, [65] * 3]
MORE = bytes(range(32, 224)) * 4  # data like any other, for a scan that lacks some
SMALL = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION


def reached(path, data: bytes, pixels: np.ndarray) -> np.ndarray:
    """The pixels of a JPEG, or of a part, once it is sure that its data reach them.

    Only where the last pixel is gray, which is rare, the file is looked at closely:
    given more data before its end, the picture changes if it lacked some.

    Args:
        path: Of the file, for the error.
        data: Its bytes.
        pixels: `(height, width, 3)`, uint8.

    Raises:
        BrokenPicture: If the data end before.
    """
    if pixels[-1, -1].tolist() in GRAYS:
        end = data.rindex(END)
        if not np.array_equal(_small(data), _small(data[:end] + MORE + data[end:])):
            raise broken(path, "its data end before its pixels")
    return pixels


def _small(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), SMALL)
