"""A heatmap laid over the picture that it is of."""

import cv2
import numpy as np

from keras_hourglass.geometry import Window
from keras_hourglass.visualization.skeletons import to_rgb

MAX_OPACITY = 0.75  # share of the colour where a heatmap is highest
ROWS_AT_ONCE = (
    256  # that are coloured at once, to need little memory for large pictures
)
CORNERS = np.array([[0, 0], [1, 0], [0, 1]])  # three settle an affine map


def draw_heatmap(image, heights, window: Window | None = None) -> np.ndarray:
    """A copy of a picture that a heatmap lies on: the higher, the redder and denser.

    Args:
        image: `(height, width, 3)`, uint8, RGB; or a gray one, see `canvas`.
        heights: `(rows, columns)`, from 0 to 1.
        window: Where on the picture they lie; by default, on all of it.
    """
    image, heights = to_rgb(image), np.nan_to_num(heights).clip(0, 1).astype("float32")
    size = image.shape[1::-1]
    heights = resample_heatmap(size, heights, window)
    for first in range(0, len(image), ROWS_AT_ONCE):
        rows, high = (part[first : first + ROWS_AT_ONCE] for part in (image, heights))
        turbo = cv2.applyColorMap(np.uint8(255 * high), cv2.COLORMAP_TURBO)[..., ::-1]
        share = MAX_OPACITY * high[..., None]
        rows[:] = np.rint(rows * (1 - share) + turbo * share)
    return image


def resample_heatmap(size: tuple[int, int], heights, window: Window | None):
    """A heatmap's heights at each pixel of a picture, interpolated linearly.

    Args:
        size: Width and height of the picture.
    """
    if window is None:  # OpenCV's grids lie edge to edge, as those of geometry.py do
        return cv2.resize(heights, size)
    columns, rows = heights.shape[1::-1]
    corners = CORNERS * (columns - 1, rows - 1)
    places = window.to_image(corners, (columns, rows))
    matrix = cv2.getAffineTransform(corners.astype("float32"), places.astype("float32"))
    return cv2.warpAffine(heights, matrix, size, flags=cv2.INTER_LINEAR)
