"""The brush: round-ended lines and discs, as soft at their edges as a pixel is wide."""

from math import hypot

import cv2
import numpy as np

from keras_hourglass.geometry import covering_box

SOFT = 1.0  # pixels that an edge takes from all to nothing, half of them inside
SPARE = 1.0  # pixels: OpenCV is given whole ones


def stroke(image, start, end, radius: float, rgb, opacity: float = 1.0):
    """Paints a line, or a disc where it ends as it starts, onto a picture.

    A pixel is covered by how far its center is from the line, so that a line that lies
    between two rows is drawn between them.

    Args:
        image: `(height, width, 3)`, uint8, painted over.
        start, end: `(2,)`, x before y, pixels; they may lie outside.
        radius: Half of the line's width, pixels.
        rgb: Of the paint.
        opacity: How much it hides, from 0 to 1.
    """
    reach = radius + SOFT + SPARE
    start, line = _visible(
        np.asarray(start, float), np.subtract(end, start), image.shape[1::-1], reach
    )
    columns, rows = _near(image, start, line, reach)
    x, y = ((i - at).astype("float32") for i, at in zip((columns, rows), start))
    across, down = line.tolist()
    along = np.clip((x * across + y * down) / (across**2 + down**2 or 1), 0, 1)
    far = np.sqrt((x - along * across) ** 2 + (y - along * down) ** 2)
    share = opacity * np.clip((radius - far) / SOFT + 0.5, 0, 1)[:, None]
    under = image[rows, columns]
    paint = np.array(rgb, "float32")
    image[rows, columns] = np.rint(under + (paint - under) * share)


def _visible(start, line, size, reach):
    """The part of a line of which some may be on the picture: its start, and itself."""
    first, last = 0.0, 1.0
    for place, length, side in zip(start, line, size):
        if length:
            ends = sorted(((-reach - place) / length, (side + reach - place) / length))
            first, last = max(first, ends[0]), min(last, ends[1])
    return start + first * line, max(last - first, 0) * line


def _near(image, start, line, reach):
    """The columns and the rows of all pixels that are not farther from a line."""
    ahead = reach * (line / hypot(*line) if line.any() else np.array([1.0, 0.0]))
    aside, end = ahead[::-1] * (-1, 1), start + line
    corners = [start - ahead - aside, start - ahead + aside]
    corners = np.stack([*corners, end + ahead + aside, end + ahead - aside])
    left, top, columns, rows = covering_box(corners, *image.shape[1::-1])
    mask = np.zeros((rows, columns), "uint8")
    cv2.fillConvexPoly(mask, np.rint(corners - (left, top)).astype("int32"), 1)
    y, x = np.nonzero(mask.view(bool))
    return x + left, y + top
