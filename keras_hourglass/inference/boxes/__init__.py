"""Person boxes: validation, and boxes of many images by name.

A box is x and y of its first pixel, width and height, in image pixels.
"""

from pathlib import PurePath

import numpy as np

from keras_hourglass.data.readers.image_names import ImageNames
from keras_hourglass.data.readers.paths import parts_of

DEFAULT_SCORE = 1.0  # of a box without a score


def find_boxes(function, image: np.ndarray):
    """Returns what a function finds in an image, as `validate_boxes` takes it.

    Args:
        function: Gives `(people, 4)`, `(people, 5)` with scores, or boxes and scores;
            also as PyTorch's tensors, which may be on a GPU.
        image: `(height, width, 3)`, uint8. The function may draw on a copy of it.
    """
    found = function(image.copy())
    if not isinstance(found, tuple | list):
        return _to_array(found)
    found = [*map(_to_array, found)]
    if len(found) == 2 and np.ndim(found[0]) == 2 and np.ndim(found[1]) == 1:
        if len(found[0]) == len(found[1]):
            return np.column_stack(found)
    return found[0] if len(found) == 1 else found


def _to_array(values):
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def validate_boxes(
    boxes,
    name: str | None = None,
    scored: bool = False,
    default_score: float = DEFAULT_SCORE,
) -> np.ndarray:
    """Validates the boxes of one image.

    Args:
        boxes: `(people, 4)`, or `(4,)` for one person, or empty. With `scored`, a
            fifth column may hold scores.
        name: Name of the image, for messages.
        scored: Allows scores, and adds those that are missing.
        default_score: Of boxes without a score.

    Returns:
        `(people, 4)` float64, or `(people, 5)` with `scored`.

    Raises:
        ValueError: If they are not boxes, or seem to be in normalized coordinates.
    """
    columns = (4, 5) if scored else (4,)
    try:
        rows = np.array(boxes, float)
    except (TypeError, ValueError):
        rows = np.empty((1, 1))
    rows = np.atleast_2d(rows) if rows.size else np.empty((0, 4))
    if rows.ndim != 2 or rows.shape[1] not in columns:
        score = " and, optionally, a score" if scored else ""
        problem = f"rows of x, y, width, height{score}"
    elif not np.isfinite(rows).all():
        problem = "finite"
    elif not (rows[:, 2:4] > 0).all():
        problem = "rows of x, y, width, height, the last two above 0"
    elif not (rows[:, :4] > 1).any(-1).all():
        problem = (
            "in pixels, but all values of a box are at most 1, as of normalized "
            "coordinates: multiply x and width by the image's width, y and height by "
            "its height"
        )
    else:
        missing = columns[-1] - rows.shape[1]
        return np.pad(rows, [(0, 0), (0, missing)], constant_values=default_score)
    place, received = f"{name}: " if name else "", " ".join(repr(boxes).split())
    raise ValueError(
        f"{place}`boxes` must be {problem}. Received: boxes={received:.80}"
    )


def overlaps(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Computes which boxes, `(people, 4)` or more, overlap an image: `(people,)`, bool.

    Args:
        boxes: x, y, width, height, and maybe a score.
        size: Width and height of the image.
    """
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]
    return ((low < size) & (high > 0)).all(-1)


def require_overlap(boxes: np.ndarray, size: tuple[int, int], name: str):
    """Gives the boxes back if each of them overlaps the image.

    Args:
        boxes: `(people, 4)` or `(people, 5)`
        size: Width and height of the image.
        name: Name of the image, for messages.

    Raises:
        ValueError: If a box lies wholly outside.
    """
    inside = overlaps(boxes, size)
    if not inside.all():
        raise ValueError(
            f"{name}: `boxes` must not lie wholly outside the image, which is "
            f"{size[0]} x {size[1]}. Received: {boxes[~inside][0, :4].tolist()}"
        )
    return boxes


def zip_boxes(images, boxes):
    """Yields (image, its boxes).

    Args:
        images: An iterable.
        boxes: An iterable of the same length; or None or a function, which go with
            each image.

    Raises:
        ValueError: If the lengths differ; at once where both are known.
    """
    if boxes is None or callable(boxes):
        return ((image, boxes) for image in images)
    if hasattr(images, "__len__") and hasattr(boxes, "__len__"):
        _require_same_length(len(images), len(boxes))
    return _zip_checked(iter(images), iter(boxes))


def _zip_checked(images, boxes):
    end, count = object(), 0
    for count, image in enumerate(images, 1):
        if (rows := next(boxes, end)) is end:
            _require_same_length(f"at least {count}", count - 1)
        yield image, rows
    if next(boxes, end) is not end:
        _require_same_length(count, f"at least {count + 1}")


def _require_same_length(images, boxes):
    if images != boxes:
        raise ValueError(
            "`boxes` must have an entry for each image. Received: "
            f"{images} images, {boxes} boxes"
        )


def image_id(name: str):
    """COCO's number of an image, from its file's name; else the name itself.

    `000000397133.jpg` and `COCO_val2014_000000397133.jpg` are both 397133.
    """
    stem = PurePath(name).stem
    number = stem.rpartition("_")[2] if stem.startswith("COCO_") else stem
    return int(number) if number.isascii() and number.isdigit() else name


class Boxes:
    """The boxes of many images, by the images' names.

    See `ImageNames` for the paths that fit a name. A COCO number also names each file
    that bears it (see `image_id`).

    Args:
        entries: An iterable of (name or COCO number of an image; number of a video's
            frame, or None for all frames; `(people, 5)` boxes with scores).

    Attributes:
        missing: Names that were looked up without success.
    """

    def __init__(self, entries):
        self._frames, self._used, self._names = {}, set(), ImageNames()
        self.missing = set()
        for name, frame, rows in entries:
            if isinstance(name, str):
                name = str(PurePath(*parts_of(name)))
                if name not in self._frames:
                    self._names.add(name, name)
            self._frames.setdefault(name, {}).setdefault(frame, []).append(rows)

    def find(self, path: str):
        """Returns the name or COCO number of an image with a path; None for none.

        Raises:
            ValueError: If the names of several images fit equally well.
        """
        known = self._names.find(path)
        known = known or [key for key in (image_id(path),) if key in self._frames]
        if len(known) > 1:
            raise ValueError(f"`boxes`: {path} fits several images: {', '.join(known)}")
        return known[0] if known else None

    def lookup(self, path: str, frame: int | None = None) -> np.ndarray:
        """`(people, 5)`, the boxes and scores of an image or of a video's frame.

        Raises:
            ValueError: See `find`.
        """
        key = self.find(path)
        if key is None:
            self.missing.add(path)
            return np.empty((0, 5))
        self._used.add(key)
        frames = self._frames[key]
        of_frame = [] if frame is None else frames.get(frame, [])
        return np.concatenate([np.empty((0, 5)), *frames.get(None, []), *of_frame])

    @property
    def unused(self) -> list[str]:
        """Names of the images whose boxes were never looked up."""
        return sorted(map(str, self._frames.keys() - self._used))
