"""Heatmaps blended over images."""

import cv2
import numpy as np

from keras_hourglass.geometry import Window
from keras_hourglass.visualization.images import to_rgb

MAX_OPACITY = 0.75  # of the color map, where a heatmap is 1
ROWS_AT_ONCE = 256  # colored at a time, which bounds the memory for large images
CORNERS = np.array([[0, 0], [1, 0], [0, 1]])  # three points define an affine map


def draw_heatmap(image, heatmap, window: Window | None = None) -> np.ndarray:
    """Blends a heatmap over a copy of an image, by the color map Turbo.

    Opacity grows with the heatmap's values: where it is 0, the image is unchanged.

    Args:
        image: uint8: RGB `(height, width, 3)`, RGBA or gray.
        heatmap: `(rows, columns)`, from 0 to 1; values beyond are clipped, and NaN
            counts as 0.
        window: The heatmap's place on the image; by default, the whole image.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: If the image is of another type or shape.

    Example:

    ```python
    import numpy as np
    from keras_hourglass.visualization.heatmaps import draw_heatmap

    image, heatmap = np.zeros((256, 256, 3), "uint8"), np.zeros((64, 64))
    heatmap[20, 30] = 1
    drawn = draw_heatmap(image, heatmap)  # red around x = 121.5, y = 81.5
    ```
    """
    image = to_rgb(image)
    heatmap = np.nan_to_num(heatmap).clip(0, 1).astype("float32")
    values = resample_heatmap(image.shape[1::-1], heatmap, window)
    for first in range(0, len(image), ROWS_AT_ONCE):
        rows, part = (each[first : first + ROWS_AT_ONCE] for each in (image, values))
        turbo = cv2.applyColorMap(np.uint8(255 * part), cv2.COLORMAP_TURBO)[..., ::-1]
        opacity = MAX_OPACITY * part[..., None]
        rows[:] = np.rint(rows * (1 - opacity) + turbo * opacity)
    return image


def resample_heatmap(
    size: tuple[int, int], heatmap: np.ndarray, window: Window | None = None
) -> np.ndarray:
    """Interpolates a heatmap linearly at each pixel of an image.

    Args:
        size: Width and height of the image.
        heatmap: `(rows, columns)`, float32.
        window: The heatmap's place on the image; by default, the whole image.

    Returns:
        `(height, width)`, float32; 0 outside the window.
    """
    if window is None:  # OpenCV's grids lie edge to edge, as those of geometry.py do
        return cv2.resize(heatmap, size)
    columns, rows = heatmap.shape[1::-1]
    corners = CORNERS * (columns - 1, rows - 1)
    on_image = window.to_image(corners, (columns, rows))
    matrix = cv2.getAffineTransform(
        corners.astype("float32"), on_image.astype("float32")
    )
    return cv2.warpAffine(heatmap, matrix, size, flags=cv2.INTER_LINEAR)
