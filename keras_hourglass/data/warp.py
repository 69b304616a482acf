"""Warping: the window of a person, and its pixels, rotated and scaled in one step."""

import cv2
import numpy as np

from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.geometry import Window, align_to_blocks, enclosing_box

# Window to the longer side of the joints' box: MPII's windows, in the median.
JOINTS_PADDING = 1.4
# Window to the longer side of a person's box: keeps hands and feet, and a margin.
BOX_PADDING = 1.25
# Region pixels to a grid's pixel, below which nothing is smoothed.
MAX_FINENESS = 4 / 3
# Region pixels to a grid's pixel, above which they are halved. Rounding errors of
# another library must not halve images of exactly twice, or four times, a grid.
HALVED_ABOVE = 2 * (1 + 1e-9)
# Of a pixel, to which OpenCV rounds coordinates first; since 5, it does not.
ROUNDING_STEP = 1 / 32 if int(cv2.__version__.split(".")[0]) < 5 else 0
# Three corners of a grid determine an affine map.
CORNERS = np.array([[0, 0], [1, 0], [0, 1]])


def window_of_joints(joints, used) -> dict:
    """Computes the window, `center` and `side` in image pixels, of some joints.

    Args:
        joints: `(J, 2)`, image pixels.
        used: `(J,)`, bool: which of them, at least one. Of one alone `side` is 0.
    """
    return window_of_extent(joints[used].min(0), joints[used].max(0))


def window_of_extent(low, high, array_library=np, padding=JOINTS_PADDING) -> dict:
    """Computes the window of joints that lie between two corners, `(..., 2)`.

    Args:
        low, high: The corners, in image pixels.
        array_library: `numpy`, or a library of the same functions.
        padding: Of the window, to the longer side between the corners.
    """
    longer = array_library.max(high - low, axis=-1)
    return {"center": (low + high) / 2, "side": padding * longer}


def box_size_of_joints(row) -> np.ndarray:
    """Computes width and height of the box around a person's labeled joints.

    One joint has no extent: its window is taken as that of a box.

    Args:
        row: With `joints`, `weights` and `side`; see `people.from_rows`.
    """
    labeled = np.array(row["joints"])[np.array(row["weights"]) > 0]
    size = np.ptp(labeled, axis=0) if len(labeled) else np.zeros(2)
    return size if size.any() else np.full(2, row["side"] / BOX_PADDING)


def window_of_box(box) -> dict:
    """Computes the window of a box: `center`, `side` and `box_size` in image pixels.

    Args:
        box: `(4,)`, index of its first pixel (x, y), then width and height.

    Raises:
        ValueError: If the box is empty.
    """
    box = np.array(box, float)
    if box.shape != (4,) or not (box[2:] > 0).all():
        raise ValueError("`box` must be x, y, width and height, the last two above 0")
    window = Window.from_box(box, BOX_PADDING)
    return {"center": window.center, "side": window.right[0], "box_size": box[2:]}


def warp(
    region: ImageRegion, window: Window, size: tuple[int, int], out=None
) -> np.ndarray:
    """Warps a window to an image of its own, black outside of the region.

    Args:
        region: Pixels of the image.
        window: Part of the image to warp.
        size: Width and height of the result.
        out: Array to write to; by default, a new one.

    Returns:
        `(height, width, 3)`, interpolated linearly; of the type of the region's pixels,
        uint8 or float32.
    """
    corners = CORNERS * (size[0] - 1, size[1] - 1)
    source = region.place.to_grid(window.to_image(corners, size), region.size)
    matrix = cv2.getAffineTransform(corners.astype("float32"), source.astype("float32"))
    # OpenCV warps four channels in less than half the time of three.
    image = cv2.warpAffine(
        cv2.cvtColor(region.pixels, cv2.COLOR_RGB2RGBA),
        matrix,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB, dst=out)


def antialias(
    region: ImageRegion, window: Window, size: tuple[int, int]
) -> ImageRegion:
    """Removes detail that is too fine for a grid laid over the window.

    `warp` interpolates between neighbors, and would alias fine stripes. So pixels
    are shrunk, and, where they are still finer than the grid, smoothed by means over
    as many as fall on a pixel of the grid. None of them moves.
    """
    finer = _fineness(region, window, size)
    if finer > HALVED_ABOVE:
        region = shrink(region, window, size)
        finer = _fineness(region, window, size)
    if finer <= MAX_FINENESS:
        return region
    kernel = np.array([(finer - 1) / 2, 1, (finer - 1) / 2]) / finer
    return region._replace(pixels=cv2.sepFilter2D(region.pixels, -1, kernel, kernel))


def shrink(region: ImageRegion, window: Window, size: tuple[int, int]) -> ImageRegion:
    """Halves the pixels by 2 x 2 means while they are over twice as fine as the grid.

    Without this, warping a large person would alias.
    """
    while _fineness(region, window, size) > HALVED_ABOVE and min(region.size) > 1:
        height, width = (side // 2 * 2 for side in region.pixels.shape[:2])
        place = region.place.part(np.array([0, 0, width, height]), region.size)
        half = cv2.resize(
            region.pixels[:height, :width],
            (width // 2, height // 2),
            interpolation=cv2.INTER_AREA,  # at exactly one half: means of 2 x 2
        )
        region = ImageRegion(half, place)
    return region


def crop_to_window(
    region: ImageRegion, window: Window, size: tuple[int, int]
) -> ImageRegion:
    """Crops the pixels under a window, of which `shrink` and `warp` make the same.

    Each of many people on a large image then takes no longer than one alone.
    """
    corners = region.place.to_grid(window.corners(), region.size)
    halved = 1 << int(_fineness(region, window, size)).bit_length()
    box = align_to_blocks(enclosing_box(corners, *region.size), halved, *region.size)
    x, y, width, height = box
    place = region.place.part(np.array(box, float), region.size)
    return ImageRegion(region.pixels[y : y + height, x : x + width], place)


def _fineness(region, window, size):
    """Counts pixels of the region along one pixel of the grid."""
    fineness = region.place.scale(region.size)
    return fineness / window.scale(size)
