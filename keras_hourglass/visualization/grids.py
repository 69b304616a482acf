"""Contact sheets: pictures laid out in rows."""

import cv2
import numpy as np

from keras_hourglass.visualization.skeletons import to_rgb


def image_grid(images, columns: int, size: tuple[int, int] | None = None) -> np.ndarray:
    """Pictures laid out in rows; the rest of the last row is black.

    Args:
        images: At least one; without `size`, all of the first one's size.
        columns: How many are in a row, at most.
        size: Width and height of a cell: each picture is `fitted` into its own.

    Raises:
        ValueError: If there is none, or they differ in size.
    """
    images = [
        to_rgb(image) if size is None else letterbox(image, size) for image in images
    ]
    if not images or len({image.shape for image in images}) > 1:
        raise ValueError(
            "`images` must be one or more pictures, all of one size where no `size` is "
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
    """A picture, shrunk or enlarged, in the middle of a black cell.

    Args:
        image: See `canvas`.
        size: Width and height of the cell.
    """
    image = to_rgb(image)
    factor = min(cell / side for cell, side in zip(size, image.shape[1::-1]))
    width, height = (
        max(1, min(cell, round(factor * side)))
        for cell, side in zip(size, image.shape[1::-1])
    )
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    cell = np.zeros((size[1], size[0], 3), "uint8")
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    cell[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=how
    )
    return cell
