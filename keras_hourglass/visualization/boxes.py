"""Boxes drawn on images: people in color, ignored areas in gray."""

import numpy as np

from keras_hourglass.visualization.images import to_rgb
from keras_hourglass.visualization.skeletons import (
    IMAGE_LINE_RATIO,
    OUTLINE_COLOR,
    draw_line,
)

PERSON_COLOR, IGNORED_COLOR = (240, 228, 66), (150, 150, 150)  # yellow, gray
OUTLINE_WIDTH, LINE_RATIO = 1.0, IMAGE_LINE_RATIO / 2
MIN_WIDTH = 2.0  # pixels: an edge lies between two of them


def draw_boxes(image, boxes, colors=None) -> np.ndarray:
    """Draws boxes on a copy of an image.

    Args:
        image: uint8: RGB `(height, width, 3)`, RGBA or gray.
        boxes: `(n, 4)`: x, y, width, height, image pixels, where x, y is the index of
            the first pixel. Lines run along the edges, also outside of the image.
        colors: For each box red, green and blue; by default, all are yellow.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Example:

    ```python
    import numpy as np
    from keras_hourglass.visualization.boxes import draw_boxes

    image = np.zeros((120, 160, 3), "uint8")
    drawn = draw_boxes(image, [[20, 10, 40, 100]])
    ```
    """
    image = to_rgb(image)
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    colors = [PERSON_COLOR] * len(boxes) if colors is None else colors
    radius = max(MIN_WIDTH, LINE_RATIO * max(image.shape[:2])) / 2
    for (x, y, width, height), color in zip(boxes, colors):
        left, top = x - 0.5, y - 0.5
        right, bottom = left + width, top + height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        ends = [*zip(corners, corners[1:] + corners[:1])]
        for start, end in ends:
            draw_line(image, start, end, radius + OUTLINE_WIDTH, OUTLINE_COLOR, 0.5)
        for start, end in ends:
            draw_line(image, start, end, radius, color)
    return image


def draw_labels(image, label, scale: float = 1.0) -> np.ndarray:
    """Draws the boxes of a detector's label, see `heatmaps.boxes`.

    Args:
        image: As of `draw_boxes`.
        label: `(rows, 5)`.
        scale: Image pixels of a pixel of the label.
    """
    rows = np.asarray(label)
    rows = rows[np.lexsort((-rows[:, 2], rows[:, 4]))]  # people over ignored areas
    rows = rows[rows[:, 4] != 0]
    colors = [PERSON_COLOR if weight > 0 else IGNORED_COLOR for weight in rows[:, 4]]
    return draw_boxes(image, scale * rows[:, :4], colors)
