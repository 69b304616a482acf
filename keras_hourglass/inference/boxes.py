"""Boxes as a caller has them: around the people of each picture.

Boxes around people: what one is, and which are of a picture.
"""

from pathlib import PurePath

import numpy as np

OF_WHAT = "x, y, width, height, the last two above 0"


def validate_boxes(boxes, name: str = "picture") -> np.ndarray:
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


def require_overlap(boxes: np.ndarray, size: tuple[int, int], name: str = "picture"):
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


def zip_boxes(pictures, boxes):
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


FULL_SCORE = 1.0  # the score of a box that has none


def to_boxes(rows) -> np.ndarray:
    """Boxes with their scores, `(people, 5)`, once they can be.

    Args:
        rows: Of each person x and y of the box's first pixel, width and height, and
            maybe a score. A single person's may lie flat.

    Raises:
        ValueError: If they are none.
    """
    try:
        found = np.array(rows, float)
    except (TypeError, ValueError):
        found = np.empty((1, 1))
    found = np.atleast_2d(found) if found.size else found.reshape(0, 4)
    if found.ndim != 2 or found.shape[1] not in (4, 5):
        raise ValueError(
            "`boxes` must be rows of x, y, width, height and maybe a score. "
            f"Received: boxes={rows!r:.80}"
        )
    if not (np.isfinite(found).all() and (found[:, 2:4] > 0).all()):
        raise ValueError(
            "`boxes` must be finite, their width and height above 0. "
            f"Received: boxes={rows!r:.80}"
        )
    unknown = np.full((len(found), 5 - found.shape[1]), FULL_SCORE)
    return np.concatenate([found, unknown], axis=1)


def image_id(name: str):
    """The number that COCO has for a picture, from its name; else the name.

    `000000397133.jpg` and `COCO_val2014_000000397133.jpg` are both 397133.
    """
    stem = PurePath(name).stem
    number = stem.rpartition("_")[2] if stem.startswith("COCO_") else stem
    return int(number) if number.isascii() and number.isdigit() else name


class Boxes:
    """The boxes of many pictures, by their names.

    Two paths are of one picture if one is how the other ends: `b/c.jpg` and
    `a/b/c.jpg`; the longest that fit, where several do. So is a name with COCO's
    number in it (see `image_id`) and that number.

    Args:
        entries: (name or COCO's number of a picture; number of a frame, where it is a
            video's, None for all of its frames; rows as of `boxes`) again and again.

    Attributes:
        lacking: The pictures that were asked for, and of which nothing is said.
    """

    def __init__(self, entries):
        self._of, self._asked, self._ending = {}, set(), {}
        self.lacking = set()
        for name, frame, rows in entries:
            key = PurePath(name).parts if isinstance(name, str) else name
            self._of.setdefault(key, {}).setdefault(frame, []).append(rows)
        for key in self._of:
            if isinstance(key, tuple):
                for first in range(1, len(key)):
                    self._ending.setdefault(key[first:], key)

    def of(self, name: str, frame: int | None = None) -> np.ndarray:
        """`(people, 5)`, the boxes and scores of a picture or of a video's frame."""
        parts = PurePath(name).parts
        endings = [parts[first:] for first in range(len(parts))]
        known = [ending for ending in (*endings, image_id(name)) if ending in self._of]
        key = known[0] if known else self._ending.get(parts)
        if key is None:
            self.lacking.add(name)
            return to_boxes([])
        self._asked.add(key)
        frames = self._of[key]
        of_frame = [] if frame is None else frames.get(frame, [])
        return np.concatenate([to_boxes([]), *frames.get(None, []), *of_frame])

    @property
    def unused(self) -> list[str]:
        """The pictures that nobody has asked for."""
        return sorted(
            str(PurePath(*key)) if isinstance(key, tuple) else str(key)
            for key in self._of.keys() - self._asked
        )
