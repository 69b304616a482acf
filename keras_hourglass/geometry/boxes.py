"""Boxes of whole pixels, for slicing: x, y, width, height, four integers."""


def covering_box(points, width: int, height: int):
    """The whole pixels of an image that hold all points, with one to spare.

    Args:
        points: `(points, 2)`, an array, in image pixels.
        width, height: Of the image; the box is clipped to it.

    Returns:
        x, y, width, height: four integers, for slicing. At least one pixel, even
        where the points lie outside.
    """
    (left, top), (right, bottom) = points.min(0), points.max(0)
    left = min(max(int(left) - 1, 0), width - 1)
    top = min(max(int(top) - 1, 0), height - 1)
    right = min(max(int(right) + 3, left + 1), width)
    bottom = min(max(int(bottom) + 3, top + 1), height)
    return left, top, right - left, bottom - top


def whole_steps(box, step: int, width: int, height: int):
    """A box made longer until its sides are multiples of `step` pixels.

    Args:
        box: x, y, width, height: four integers, within the image.
        step: In pixels.
        width, height: Of the image. The box is moved to stay within it if there is
            room; else it begins with the image and ends beyond it.

    Returns:
        x, y, width, height: four integers.
    """
    x, y, *sides = box
    columns, rows = (-(-side // step) * step for side in sides)
    return max(0, min(x, width - columns)), max(0, min(y, height - rows)), columns, rows


def whole_blocks(box, side: int, width: int, height: int):
    """A box made longer until it holds whole blocks of an image that is cut into such.

    Args:
        box: x, y, width, height: four integers, within the image.
        side: Of the blocks, in pixels; the first begins with the image.
        width, height: Of the image, with which the last blocks end.

    Returns:
        x, y, width, height: four integers.
    """
    x, y, columns, rows = box
    left, top = x // side * side, y // side * side
    right = min(-(-(x + columns) // side) * side, width)
    bottom = min(-(-(y + rows) // side) * side, height)
    return left, top, right - left, bottom - top
