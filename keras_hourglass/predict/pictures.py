"""Pictures as a caller has them, as pixels."""

from pathlib import Path

import numpy as np

from keras_hourglass.data import picture


def region(image):
    if isinstance(image, str | Path):
        return picture.read(image)
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            "`pictures` must be paths or uint8 arrays (height, width, 3). "
            f"Received: {image.dtype} {image.shape}"
        )
    return picture.whole(image)
