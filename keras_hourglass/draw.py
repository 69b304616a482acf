"""Skeletons and heatmaps drawn on pictures, and pictures laid out on a sheet."""

import cv2
import numpy as np

from keras_hourglass.skeleton import Skeleton

SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with
COLOURS = {"right_": (255, 120, 40), "left_": (40, 150, 255)}  # RGB
MIDDLE = (90, 230, 90)
DENSEST = 0.75  # share of the colour where a heatmap is highest


def skeleton(image, joints, skeleton: Skeleton, confidence=None) -> np.ndarray:
    """A copy of a picture with limbs and joints on it, right orange, left blue.

    Args:
        image: `(height, width, 3)`, uint8, RGB.
        joints: `(joints, 2)`, x before y, picture pixels.
        skeleton: What the joints are.
        confidence: `(joints,)`; a joint of 0 or less is left out, with its limbs.
    """
    image = np.ascontiguousarray(image).copy()
    shown = np.isfinite(joints).all(-1)
    if confidence is not None:
        shown &= np.asarray(confidence) > 0
    width = max(1, round(max(image.shape[:2]) / 110))
    points = {
        name: tuple(int(v) for v in np.rint(point * 2**SHIFT))
        for name, point, on in zip(skeleton.joints, np.asarray(joints), shown)
        if on
    }
    for a, b in skeleton.limbs:
        if a in points and b in points:
            line = (image, points[a], points[b], colour(a, b), width)
            cv2.line(*line, cv2.LINE_AA, SHIFT)
    for name, point in points.items():
        disc = (image, point, (width + 1) << SHIFT, colour(name), cv2.FILLED)
        cv2.circle(*disc, cv2.LINE_AA, SHIFT)
    return image


def colour(*names: str) -> tuple[int, int, int]:
    """RGB of a joint, or of a limb between two: by the side that it is on."""
    for side, rgb in COLOURS.items():
        if any(name.startswith(side) for name in names):
            return rgb
    return MIDDLE


def heatmap(image, heights) -> np.ndarray:
    """A copy of a picture that a heatmap lies on: the higher, the redder and denser.

    Args:
        image: `(height, width, 3)`, uint8, RGB.
        heights: `(rows, columns)`, from 0 to 1, over all of the picture.
    """
    size = image.shape[1], image.shape[0]
    # OpenCV's grids lie on each other edge to edge, as those of geometry.py do.
    heights = cv2.resize(np.clip(heights, 0, 1).astype("float32"), size)[..., None]
    colours = cv2.applyColorMap(np.uint8(255 * heights), cv2.COLORMAP_TURBO)[..., ::-1]
    share = DENSEST * heights
    return np.rint(image * (1 - share) + colours * share).astype("uint8")


def sheet(images, columns: int) -> np.ndarray:
    """Pictures of one size laid out in rows; the rest of the last row is black."""
    images = list(images)
    blank = np.zeros_like(images[0])
    images += [blank] * (-len(images) % columns)
    rows = [
        np.hstack(images[first : first + columns])
        for first in range(0, len(images), columns)
    ]
    return np.vstack(rows)


def png(image) -> bytes:
    """A picture `(height, width, 3)`, uint8, RGB, as a PNG file."""
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
