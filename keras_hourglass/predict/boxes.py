"""Boxes as a caller has them: around the people of each picture."""

import numpy as np

OF_WHAT = "x, y, width, height, the last two above 0"


def checked(boxes, name: str = "picture") -> np.ndarray:
    """`(people, 4)` of one picture; a box alone is one person's.

    Args:
        boxes: `(people, 4)`, `(4,)`, or nothing at all: index of the first pixel (x,
            y), width and height.
        name: What errors call the picture.

    Raises:
        ValueError: If they are no boxes.
    """
    try:
        given = np.asarray(boxes, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name}: `boxes` must be rows of {OF_WHAT}. Received: {boxes!r}"
        ) from None
    rows = given.reshape(-1, 4) if given.shape in {(4,), (0,)} else given
    if rows.ndim != 2 or rows.shape[1] != 4:
        wrong = f"rows of {OF_WHAT}"
    elif not np.isfinite(rows).all():
        wrong = "finite"
    elif not (rows[:, 2:] > 0).all():
        wrong = f"rows of {OF_WHAT}"
    else:
        return rows
    raise ValueError(f"{name}: `boxes` must be {wrong}. Received: {given.tolist()}")


def inside(boxes: np.ndarray, size: tuple[int, int], name: str = "picture"):
    """The boxes, once it is sure that each has a part of the picture.

    Args:
        boxes: `(people, 4)`
        size: Width and height of the picture.
        name: What errors call the picture.

    Raises:
        ValueError: If one lies wholly outside.
    """
    seen = ((boxes[:, :2] < size) & (boxes[:, :2] + boxes[:, 2:] > 0)).all(-1)
    if not seen.all():
        raise ValueError(
            f"{name}: `boxes` must not lie wholly outside the picture, which is "
            f"{size[0]} x {size[1]}. Received: {boxes[~seen][0].tolist()}"
        )
    return boxes


def paired(pictures, boxes):
    """(picture, its boxes), one after another.

    Args:
        pictures: An iterable.
        boxes: An iterable of as many; or None, or a function, which each of them has.

    Raises:
        ValueError: If they are not as many; at once, where that is known.
    """
    if boxes is None or callable(boxes):
        return ((image, boxes) for image in pictures)
    if hasattr(pictures, "__len__") and hasattr(boxes, "__len__"):
        _as_many(len(pictures), len(boxes))
    return _one_by_one(iter(pictures), iter(boxes))


def _one_by_one(pictures, boxes):
    over, count = object(), 0
    for count, image in enumerate(pictures, 1):
        if (part := next(boxes, over)) is over:
            _as_many(f"at least {count}", count - 1)
        yield image, part
    if next(boxes, over) is not over:
        _as_many(count, f"at least {count + 1}")


def _as_many(pictures, boxes):
    if pictures != boxes:
        raise ValueError(
            "`boxes` must have an entry for each picture. Received: "
            f"{pictures} pictures, {boxes} boxes"
        )
