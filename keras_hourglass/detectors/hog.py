"""OpenCV's people detector: upright, whole people, on any CPU, with no download.

Dalal, Triggs. Histograms of Oriented Gradients for Human Detection, CVPR 2005.
https://doi.org/10.1109/CVPR.2005.177

It knows pedestrians alone, and misses many: whoever has a better detector plugs it in.
"""

from functools import cache

import cv2
import numpy as np

from keras_hourglass.geometry import Crop

SIZE = (64, 128)  # columns and rows of the window that it slides over the picture
BORDER = 8  # of its pixels around a person, half of what it was trained with
LEAST = 0.3  # score: below, most of what it finds is nobody
LONGEST = 1024  # pixels of a picture: a longer one is shrunk first, for time's sake
INSIDE = np.array([BORDER, BORDER, *np.subtract(SIZE, 2 * BORDER)])


def detect(picture) -> np.ndarray:
    """Boxes of people, and scores above 0, `(people, 5)`.

    Args:
        picture: `(height, width, 3)`, uint8, RGB.

    Raises:
        ImportError: If OpenCV comes without it.
    """
    size = picture.shape[1::-1]
    whole = Crop.of_rectangle(np.array([0.0, 0.0, *size]))
    factor = min(1, LONGEST / max(size))
    small = tuple(max(1, round(factor * side)) for side in size)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if min(small) < min(SIZE):  # it does not stop at what it cannot look into
        return np.empty((0, 5))
    gray = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
    windows, scores = _detector().detectMultiScale(
        gray, winStride=(8, 8), padding=(16, 16), scale=1.05
    )
    found = [
        [*whole.part(window, small).part(INSIDE, SIZE).box(), score]
        for window, score in zip(np.array(windows, float), np.ravel(scores))
        if score >= LEAST
    ]
    return np.array(found, float).reshape(-1, 5)


@cache
def _detector():
    if not hasattr(cv2, "HOGDescriptor"):
        raise ImportError(
            f"OpenCV {cv2.__version__} comes without it; OpenCV 4 has it: "
            "pip install 'keras-hourglass[hog]'"
        )
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    return detector
