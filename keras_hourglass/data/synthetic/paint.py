"""The brush: convex shapes, painted where they are to a hundredth of a pixel.

Points are `(points, 2)`, x before y, in pixels whose centers are whole numbers.
"""

import cv2
import numpy as np

BITS = 8  # binary places that OpenCV is given of a coordinate
BLEED = 0.65  # pixels that its smooth edge adds all around a shape, measured
CORNERS = 12
ROUND = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
ROUND = np.stack([np.cos(ROUND), np.sin(ROUND)], axis=-1)
ROUND *= np.sqrt(2 * np.pi / CORNERS / np.sin(2 * np.pi / CORNERS))  # a circle's area


def ellipses(centers, axes):
    """The outlines of ellipsoids, seen along z.

    Args:
        centers: `(ellipsoids, 3)`, in pixels.
        axes: `(ellipsoids, 3, 3)`, whose columns are the half axes, in pixels.

    Returns:
        `(ellipsoids, 12, 2)`, points on the outline.
    """
    flat = axes[:, :2]
    root = np.linalg.cholesky(flat @ flat.transpose(0, 2, 1))
    rim = ROUND @ root.transpose(0, 2, 1)
    length = np.sqrt((rim * rim).sum(axis=-1, keepdims=True))
    rim *= np.maximum(length - BLEED, 0.2) / length
    return centers[:, None, :2] + rim


def fixed(points):
    """Points in OpenCV's whole numbers, for `fill`."""
    return np.rint(points * (1 << BITS)).astype(np.int32)


def fill(image, points, color, top=None, number=0):
    """Fills the convex hull of `(..., 2)` points that are `fixed`, edges smooth.

    In `top`, `(height, width)` uint8, the pixels inside are set to `number`.
    """
    shape = cv2.convexHull(points.reshape(-1, 1, 2))
    color = np.asarray(color).tolist()  # OpenCV takes a list in half the time
    cv2.fillConvexPoly(image, shape, color, cv2.LINE_AA, BITS)
    if top is not None:
        cv2.fillConvexPoly(top, shape, number, cv2.LINE_8, BITS)


def limb(image, points, radii, color):
    """Paints limbs from each of some points to the next, tapering with the radii.

    Args:
        image: `(height, width, 3)` uint8, painted over.
        points: `(points, 2)`, in pixels.
        radii: `(points,)`, in pixels.
        color: `(3,)`, RGB, 0 to 255.
    """
    radii = np.maximum(np.subtract(radii, BLEED), 0.2)
    rims = fixed(np.asarray(points)[:, None] + radii[:, None, None] * ROUND)
    for end in range(1, len(rims)):
        fill(image, rims[end - 1 : end + 1], color)
