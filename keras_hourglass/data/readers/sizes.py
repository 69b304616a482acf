"""Image sizes: those that annotations list, compared with those of the files.

Where they differ, labels do not fit the pixels:

scaled: One factor explains both sides, to a pixel: images were resized before or after
    they were labeled. Labels are scaled on request alone, as another image may have
    the same aspect.
swapped: Width and height are exchanged. Where the EXIF orientation of the file does
    that, the image was labeled as stored, and labels are turned; unless labels reach
    out of the listed sizes more often than out of the upright images: then only the
    sizes are those of stored images.
other: Anything else, such as another image of the same name.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.images.headers import EXIF_TRANSFORMS, Header
from keras_hourglass.data.images.safety import (
    ImageDecodeError,
    read_bytes,
    read_checked_header,
)
from keras_hourglass.data.people import People
from keras_hourglass.data.readers.paths import display_path
from keras_hourglass.geometry import Window

logger = logging.getLogger(__name__)

KINDS = SCALED, SWAPPED, OTHER = "scaled", "swapped", "other"
MAX_IMAGES = 2000  # of more, a sample is compared, and all if any of it differs
SAMPLE = 1000
THREADS = 16  # that wait for files
UNIT = 1, 1  # size of a grid whose points lie between -0.5 and 0.5


class SizeDifference(NamedTuple):
    """Difference between the listed size of an image and that of its file.

    Attributes:
        kind: `SCALED`, `SWAPPED` or `OTHER`.
        turned: Whether the image was labeled as stored, without its EXIF orientation.
        listed: Width and height as listed, pixels.
        header: Of the file.
    """

    kind: str
    turned: bool
    listed: tuple[int, int]
    header: Header

    def __str__(self):
        (width, height), (columns, rows) = self.listed, self.header.upright_size
        text = f"{width} x {height} listed, {columns} x {rows} in the file"
        if self.turned:
            return f"{text}, labeled without its EXIF orientation"
        return text

    def is_fitted(self, rescale: bool) -> bool:
        """Returns whether `match_sizes` fits the labels to the file."""
        return rescale if self.kind == SCALED else self.turned

    def fit(self, points: np.ndarray) -> np.ndarray:
        """Transforms points `(..., 2)` of the listed image to the upright file."""
        points = _window(self.listed).to_grid(points, UNIT)
        if self.turned:
            transposed, *mirrored = EXIF_TRANSFORMS[self.header.orientation]
            points = points[..., ::-1] if transposed else points
            points = np.where(mirrored, -points, points)
        return _window(self.header.upright_size).to_image(points, UNIT)

    @property
    def factor(self) -> float:
        """Pixels of the file per pixel of the listed image."""
        return float(np.sqrt(np.prod(self.header.upright_size) / np.prod(self.listed)))


def match_sizes(people: People | Photographs, rescale: bool = False):
    """Fits labels to the image files, and warns once of files of another size.

    Args:
        people: People, or photographs, as the annotations label them.
        rescale: Whether labels are scaled where one factor explains both sides.

    Returns:
        The same; with a note where labels are scaled on request.
    """
    differences, note = compare_sizes(people, rescale)
    if not differences:
        return people
    people = people.with_notes(note) if note else people
    fit = fit_photographs if isinstance(people, Photographs) else fit_people
    return fit(people, differences, rescale)


def compare_sizes(
    people: People | Photographs, rescale: bool = False
) -> tuple[dict[str, SizeDifference], str | None]:
    """Finds images whose listed size is not that of their file, and warns once.

    Args:
        people, rescale: See `match_sizes`.

    Returns:
        Image file -> its difference; and in place of the warning a note, where labels
        are scaled on request.
    """
    listed = sorted(listed_sizes(people))
    compared = listed
    if len(compared) > MAX_IMAGES:
        chosen = np.linspace(0, len(compared) - 1, SAMPLE).round().astype(int)
        compared = [compared[index] for index in chosen]
    differences = find_differences(people, read_headers(compared))
    if not differences:
        return {}, None
    if len(compared) < len(listed):
        differences = find_differences(people, read_headers(listed))
    message = describe(differences, len(listed), rescale)
    if all(each.kind == SCALED for each in differences.values()) and rescale:
        return differences, message
    logger.warning("%s", message)
    return differences, None


def listed_sizes(people: People | Photographs) -> dict[str, tuple[int, int]]:
    """Returns image file -> width and height, of all images that are listed."""
    known = (people.listed_sizes >= 1).all(1)  # False for NaN
    known &= people.readers == None  # noqa: E711, elementwise
    sizes = people.listed_sizes[known].round().astype(int).tolist()
    return dict(zip(people.images[known], map(tuple, sizes)))


def read_headers(paths: Iterable[str]) -> dict[str, Header]:
    """Reads the headers of image files, those that can be read."""

    def read(path):
        try:
            return read_checked_header(path, read_bytes(path))
        except (ImageDecodeError, OSError):
            return None

    paths = [*paths]
    with ThreadPoolExecutor(THREADS) as pool:
        found = zip(paths, pool.map(read, paths))
        return {path: header for path, header in found if header is not None}


def fill_sizes(photographs: Photographs) -> Photographs:
    """Reads sizes that are unknown from the image files, as far as they can be read."""
    unknown = ~np.isfinite(photographs.sizes).all(axis=1)
    unknown &= photographs.readers == None  # noqa: E711, elementwise
    if not unknown.any():
        return photographs
    headers, sizes = read_headers(photographs.images[unknown]), photographs.sizes.copy()
    for row in np.flatnonzero(unknown):
        if header := headers.get(photographs.images[row]):
            sizes[row] = header.upright_size
    return replace(photographs, sizes=sizes)


def find_differences(
    people: People | Photographs, headers: dict[str, Header]
) -> dict[str, SizeDifference]:
    """Finds images whose listed size is not that of their file.

    Where a dataset lists all images that their orientation turns on their side as they
    are stored, it was labeled without orientations: images that are upside down or
    mirrored are then among the result, although their sizes agree.

    Args:
        people: People, or photographs, as the annotations label them.
        headers: Image file -> its header, of those to compare.
    """
    listed = listed_sizes(people)
    listed = {path: listed[path] for path in headers if path in listed}
    found = {path: _compare(size, headers[path]) for path, size in listed.items()}
    turned = [path for path, each in found.items() if each and each.turned]
    if _is_upright(people, {path: found[path] for path in turned}):
        for path in turned:
            found[path] = found[path]._replace(turned=False)
    elif turned and len(turned) == sum(headers[path].transposed for path in listed):
        for path, size in listed.items():
            if found[path] is None and headers[path].orientation != 1:
                found[path] = SizeDifference(SWAPPED, True, size, headers[path])
    return {path: each for path, each in found.items() if each is not None}


def _is_upright(people, turned):
    """Returns whether labels fit the upright images better than the listed sizes."""
    if not turned:
        return False
    votes = 0
    for path, point in zip(people.images, _last_points(people)):
        if path in turned:
            listed = np.array(turned[path].listed)
            votes += int((point <= listed[::-1]).all()) - int((point <= listed).all())
    return votes > 0


def _last_points(people):
    """`(N, 2)`: the last column and row that the labels of each row reach."""
    if isinstance(people, Photographs):
        ends = [boxes[:, :2] + boxes[:, 2:] - 1 for boxes in people.boxes]
        return np.array([end.max(axis=0, initial=0) for end in ends])
    return np.where(people.weights[..., None] > 0, people.joints, 0).max(1)


def _compare(listed, header):
    """Returns the difference of one image; None if there is none."""
    stored, upright = (header.width, header.height), header.upright_size
    if listed == upright:
        return None
    if listed == stored:
        return SizeDifference(SWAPPED, True, listed, header)
    if listed == upright[::-1]:
        return SizeDifference(SWAPPED, False, listed, header)
    if _is_scaled(listed, upright):
        return SizeDifference(SCALED, False, listed, header)
    if _is_scaled(listed, stored):
        return SizeDifference(SCALED, True, listed, header)
    return SizeDifference(OTHER, False, listed, header)


def _is_scaled(listed, size):
    """Returns whether one factor explains both sides of the smaller, rounded."""
    small, large = sorted((listed, size), key=np.prod)
    low = max((side - 1) / whole for side, whole in zip(small, large))
    high = min((side + 1) / whole for side, whole in zip(small, large))
    return low < high


def _window(size):
    return Window.from_rectangle(np.array([0.0, 0, *size]))


def fit_people(
    people: People, differences: dict[str, SizeDifference], rescale: bool
) -> People:
    """Transforms the labels of images that differ, where `is_fitted` says so."""
    fitted = {p: each for p, each in differences.items() if each.is_fitted(rescale)}
    rows = [row for row, path in enumerate(people.images) if path in fitted]
    joints, centers = people.joints.copy(), people.centers.copy()
    box_sizes = people.box_sizes.copy()
    factors = np.ones(len(people), "float32")
    for row in rows:
        difference = fitted[people.images[row]]
        present = people.weights[row] > 0
        points = difference.fit(joints[row].astype(float))
        joints[row] = np.where(present[:, None], points, joints[row])
        (centers[row],) = difference.fit(centers[row].astype(float)[None])
        factors[row] = difference.factor
        if difference.turned and difference.header.transposed:
            box_sizes[row] = box_sizes[row, ::-1]
    return replace(
        people,
        joints=joints,
        centers=centers,
        sides=people.sides * factors,
        head_sizes=people.head_sizes * factors,
        box_sizes=box_sizes * factors[:, None],
        source_sizes=people.source_sizes * factors,
        areas=people.areas * factors**2,
    )


def fit_photographs(
    photographs: Photographs, differences: dict[str, SizeDifference], rescale: bool
) -> Photographs:
    """Sets sizes to those of the files, and transforms boxes as `fit_people` joints."""
    listed, boxes = photographs.sizes.copy(), [*photographs.boxes]
    for row, path in enumerate(photographs.images):
        if difference := differences.get(path):
            listed[row] = difference.header.upright_size
            if difference.is_fitted(rescale):
                low = boxes[row][:, :2].astype(float) - 0.5
                corners = np.stack([low, low + boxes[row][:, 2:]], axis=1)
                corners = np.sort(difference.fit(corners), axis=1)
                sides = corners[:, 1] - corners[:, 0]
                boxes[row] = np.concatenate([corners[:, 0] + 0.5, sides], axis=-1)
    return replace(photographs, sizes=listed, boxes=boxes)


def describe(differences: dict[str, SizeDifference], count: int, rescale: bool) -> str:
    """Describes all differences of `count` images in a sentence, with the first."""
    kinds = Counter((each.kind, each.turned) for each in differences.values())
    scaling = (
        "their labels are scaled" if rescale else "`rescale=True` scales their labels"
    )
    parts = {
        f"scaled: {scaling}": kinds[SCALED, True] + kinds[SCALED, False],
        "labeled as stored: their labels are turned as the EXIF orientation says": (
            kinds[SWAPPED, True]
        ),
        "with width and height swapped": kinds[SWAPPED, False],
        "of another shape, as if they were other images": kinds[OTHER, False],
    }
    said = "; ".join(f"{n:,} {difference}" for difference, n in parts.items() if n)
    path, first = next(iter(differences.items()))
    return (
        f"{len(differences):,} of {count:,} images do not have the size that the "
        f"annotations list: {said}. First {display_path(path)}: {first}"
    )
