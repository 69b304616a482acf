"""Grids of images."""

import cv2
import numpy as np

from keras_hourglass.visualization.images import to_rgb


def image_grid(images, columns: int, size: tuple[int, int] | None = None) -> np.ndarray:
    """Lays images out in rows; the rest of the last row is black.

    Args:
        images: At least one image, uint8, RGB, RGBA or gray. Without `size`, all have
            the first one's size.
        columns: Images in a row, at most.
        size: Width and height of a cell, in pixels: each image is resized to fit and
            centered in its cell.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: If there are no images, their sizes differ, or `columns` is less
            than 1.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    images = [np.full((60, 40, 3), gray, "uint8") for gray in (0, 120, 240)]
    grid = kh.image_grid(images, columns=2)  # (120, 80, 3)
    cells = kh.image_grid(images, columns=3, size=(32, 32))  # (32, 96, 3)
    ```
    """
    if columns < 1:
        raise ValueError(f"`columns` must be at least 1. Received: columns={columns}")
    images = [
        to_rgb(image) if size is None else letterbox(image, size) for image in images
    ]
    if not images or len({image.shape for image in images}) > 1:
        raise ValueError(
            "`images` must be one or more images, all of one size where no `size` is "
            f"given. Received: {len(images)} of {len({i.shape for i in images})} sizes"
        )
    columns = min(columns, len(images))
    blank = np.zeros_like(images[0])
    images += [blank] * (-len(images) % columns)
    rows = [
        np.hstack(images[first : first + columns])
        for first in range(0, len(images), columns)
    ]
    return np.vstack(rows)


def letterbox(image, size: tuple[int, int]) -> np.ndarray:
    """Resizes an image to fit a cell, keeping its aspect, on a black background.

    Args:
        image: uint8, RGB, RGBA or gray; see `to_rgb`.
        size: Width and height of the cell, in pixels.

    Returns:
        `(size[1], size[0], 3)`, uint8, RGB.
    """
    image = to_rgb(image)
    factor = min(cell / side for cell, side in zip(size, image.shape[1::-1]))
    width, height = (
        max(1, min(cell, round(factor * side)))
        for cell, side in zip(size, image.shape[1::-1])
    )
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    cell = np.zeros((size[1], size[0], 3), "uint8")
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    cell[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=interpolation
    )
    return cell
