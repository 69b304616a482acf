"""Geometry of windows on images, and of boxes of whole pixels.

Only operators are used, no array library: the same lines run on NumPy arrays and,
inside a `tf.data` pipeline or an exported graph, on TensorFlow tensors.

Points are `(..., 2)`, x before y, in pixels. Pixel centers are whole numbers: the
first pixel of a row is centered on 0 and spans -0.5 to 0.5. A box is x, y, width,
height, where x and y are the index of its first pixel.
"""

from math import e
from typing import NamedTuple

X, Y = (1.0, 0.0), (0.0, 1.0)


class Window(NamedTuple):
    """A window on an image: rotated or mirrored, square or not.

    Changes to a window take one number, or `(..., 1)` numbers for many windows.

    Attributes:
        center: `(..., 2)`, in image pixels.
        right: `(..., 2)`, the upper edge, from left to right, in image pixels.
        down: `(..., 2)`, the left edge, from top to bottom, perpendicular to `right`.
    """

    center: object
    right: object
    down: object

    @classmethod
    def from_center(cls, center, side, size: tuple[int, int] = (1, 1)):
        """Makes an upright window with the aspect of a grid.

        Args:
            center: `(..., 2)`, in image pixels.
            side: `(...)`, the window's longer edge, in image pixels.
            size: Columns and rows of the grid.
        """
        edge = side[..., None] / max(size)
        return cls(center, edge * size[0] * X, edge * size[1] * Y)

    @classmethod
    def from_box(cls, box, margin: float = 1.0, size: tuple[int, int] = (1, 1)):
        """Makes the upright window around a box, with the aspect of a grid.

        Args:
            box: `(..., 4)`, in image pixels.
            margin: The window's longer edge, in longer edges of the box.
            size: Columns and rows of the grid.
        """
        edges = box[..., 2:]
        width, height = edges[..., 0], edges[..., 1]
        longer = (width + height + abs(width - height)) / 2  # max, by operators
        return cls.from_center(box[..., :2] + (edges - 1) / 2, margin * longer, size)

    @classmethod
    def letterbox(cls, box, size: tuple[int, int]):
        """Makes the smallest upright window around a box, with the aspect of a grid.

        Args:
            box: `(..., 4)`, in image pixels, all of which the window holds.
            size: Columns and rows of the grid.
        """
        width, wide = box[..., 2], box[..., 3] * size[0] / size[1]
        width = (width + wide + abs(width - wide)) / 2  # max, by operators
        center = box[..., :2] + (box[..., 2:] - 1) / 2
        return cls.from_center(center, width * max(size) / size[0], size)

    @classmethod
    def from_rectangle(cls, box):
        """Makes the window that covers exactly a box, `(..., 4)`."""
        edges = box[..., 2:]
        width, height = _xy(edges)
        return cls(box[..., :2] + (edges - 1) / 2, width * X, height * Y)

    def box(self):
        """Returns an upright window's box, `(..., 4)`. Undoes `from_rectangle`."""
        X4, Y4 = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)
        W4, H4 = (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0)
        (width, _), (_, height) = _xy(self.right), _xy(self.down)
        x, y = _xy(self.center)
        x, y = x - (width - 1) / 2, y - (height - 1) / 2
        return x * X4 + y * Y4 + width * W4 + height * H4

    def mirrored(self, where=True):
        """Mirrors the window left to right, where `where` is true."""
        return self._replace(right=self.right * (1 - 2 * where))

    def scaled(self, factor):
        """Multiplies the window's edges, around its center."""
        return self._replace(right=self.right * factor, down=self.down * factor)

    def turned(self, angle):
        """Rotates the window about its center, clockwise on the image, in radians."""
        turn = e ** (1j * angle)
        return self._replace(right=_turn(self.right, turn), down=_turn(self.down, turn))

    def moved(self, across, along):
        """Moves the window by fractions of its upper and of its left edge."""
        return self._replace(
            center=self.center + across * self.right + along * self.down
        )

    def to_image(self, points, size: tuple[int, int]):
        """Transforms points from a grid over the window to the image.

        Args:
            points: `(..., points, 2)`, in pixels of the grid.
            size: Columns and rows of the grid.

        Returns:
            `(..., points, 2)`, in pixels of the image.
        """
        center, right, down = (vector[..., None, :] for vector in self)
        u, v = _xy((points + 0.5) / size - 0.5)
        return center + u * right + v * down

    def to_grid(self, points, size: tuple[int, int]):
        """Transforms points from the image to a grid. Undoes `to_image`."""
        center, right, down = (vector[..., None, :] for vector in self)
        u, v = _fraction(points - center, right), _fraction(points - center, down)
        return (u * X + v * Y + 0.5) * size - 0.5

    def part(self, box, size: tuple[int, int]):
        """Returns the window under a box, `(..., 4)`, of a grid over this one."""
        inner = Window.from_rectangle(box)
        center = self.to_image(inner.center[..., None, :], size)[..., 0, :]
        return Window(
            center,
            self.right * (inner.right[..., :1] / size[0]),
            self.down * (inner.down[..., 1:] / size[1]),
        )

    def corners(self):
        """Returns the outermost points, `(..., 4, 2)`, in image pixels, clockwise."""
        return self.to_image(
            self.center[..., None, :] * 0
            + ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),
            (1, 1),
        )

    def first_pixel(self):
        """Returns the index of an upright window's first pixel, `(..., 2)`."""
        return self.center - (self.right + self.down - 1) / 2

    def scale(self, size: tuple[int, int]):
        """Returns the length of an image pixel on a grid, `(...)`, in its pixels."""
        x, y = self.right[..., 0], self.right[..., 1]
        return size[0] / (x * x + y * y) ** 0.5


def enclosing_box(points, width: int, height: int):
    """Computes the box of an image that holds all points, with a pixel to spare.

    Args:
        points: `(points, 2)`, an array, in image pixels.
        width, height: Of the image, to which the box is clipped.

    Returns:
        x, y, width, height: four integers, for slicing. At least one pixel, even if
        all points lie outside.
    """
    (left, top), (right, bottom) = points.min(0), points.max(0)
    left = min(max(int(left) - 1, 0), width - 1)
    top = min(max(int(top) - 1, 0), height - 1)
    right = min(max(int(right) + 3, left + 1), width)
    bottom = min(max(int(bottom) + 3, top + 1), height)
    return left, top, right - left, bottom - top


def pad_to_multiple(box, step: int, width: int, height: int):
    """Enlarges a box until its sides are multiples of `step` pixels.

    Args:
        box: x, y, width, height: four integers, within the image.
        step: In pixels.
        width, height: Of the image. The box is moved to stay within it if it fits;
            else it begins with the image and ends beyond it.

    Returns:
        x, y, width, height: four integers.
    """
    x, y, *sides = box
    columns, rows = (-(-side // step) * step for side in sides)
    return max(0, min(x, width - columns)), max(0, min(y, height - rows)), columns, rows


def align_to_blocks(box, side: int, width: int, height: int):
    """Enlarges a box to whole blocks of an image that is divided into blocks.

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


def _xy(points):
    return points[..., :1], points[..., 1:]


def _turn(vector, turn):
    """Rotates a vector by the angle of the complex number `turn`."""
    return vector * turn.real + vector[..., ::-1] * (-1.0, 1.0) * turn.imag


def _fraction(offset, edge):
    """Projects `offset` on `edge`: the length in lengths of the edge."""
    (along_x, along_y), (x, y) = _xy(offset * edge), _xy(edge * edge)
    return (along_x + along_y) / (x + y)
