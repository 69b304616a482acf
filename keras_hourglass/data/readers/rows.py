"""Rows of people: from the entries of an annotation file to validated `People`.

A dataset's reader lists entries and says how to parse one; `collect_people` does the
rest, with the same bounds, notes and errors for every format.
"""

import re
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.people.validation import MAX_COORDINATE
from keras_hourglass.data.readers import files, paths
from keras_hourglass.data.readers.image_finder import ImageFinder
from keras_hourglass.data.readers.subsets import to_split
from keras_hourglass.skeletons import Skeleton

MIN_SIDE = 1.0  # pixel: a smaller window has no content


class SkipPerson(Exception):
    """Raised for an entry without usable labels: counted in the notes, no fault."""


NO_JOINT = "no usable joint"
PARSE_ERRORS = (  # raised by parsing code for an entry that is not as it should be
    *(AttributeError, LookupError, OverflowError, TypeError, ValueError),
)
_faults: ContextVar[list | None] = ContextVar("faults", default=None)


@contextmanager
def collect_faults():
    """Lists all faulty entries of the datasets loaded within, instead of raising.

    `load_dataset` leaves them out, and does not require that any person remains.

    Yields:
        A list, to which (name of the person, reason) is appended for each.
    """
    faults = []
    token = _faults.set(faults)
    try:
        yield faults
    finally:
        _faults.reset(token)


def collecting_faults() -> bool:
    """Returns whether the code runs within `collect_faults`."""
    return _faults.get() is not None


def handle_fault(name: str, error: Exception):
    """Lists a faulty entry within `collect_faults`.

    Raises:
        DatasetError: Elsewhere.
    """
    reason, faults = describe_parse_error(error), _faults.get()
    if faults is None:
        raise files.DatasetError(f"{name}: {reason}") from None
    faults.append((name, reason))


def collect_people(
    entries, parse, skeleton: Skeleton, path: Path, images: Path | ImageFinder
) -> People:
    """Parses and validates the entries of an annotation file.

    Args:
        entries: Iterable of (name of the person for messages, entry).
        parse: Function from an entry to a row of `people.from_rows`, with `notes` of
            assumptions that were made. Raises `SkipPerson` for an entry without
            usable labels, one of `PARSE_ERRORS` for a faulty one.
        skeleton: Of the joints of the rows. Where a named skeleton has the same
            joints, in whatever order and spelling, the people get that one.
        path: Of the file, for messages.
        images: Folder of the image files that the rows name, or their finder.

    Raises:
        DatasetError: If an entry is faulty, unless within `collect_faults`.
    """
    entries = [*entries]
    in_folder = not isinstance(images, ImageFinder)
    find = partial(paths.resolve_path, images) if in_folder else images.find
    rows, skipped, noted = [], Counter(), Counter()
    for name, entry in entries:
        try:
            row = validate_row(parse(entry), skeleton.joints)
            image = find(row["image"])
        except SkipPerson as reason:
            skipped[str(reason)] += 1
        except PARSE_ERRORS as error:
            handle_fault(name, error)
        else:
            noted.update(row.pop("notes", ()))
            rows.append({**row, "image": image, "name": name})
    people_in = Counter(row["image"] for row in rows)
    rows = [{"num_others": people_in[row["image"]] - 1, **row} for row in rows]
    total = f"{len(entries):,} people of {path}"
    people = from_rows(skeleton, rows)
    if (known := skeletons.find_known(skeleton.joints)) is not None:
        people = people.to_skeleton(known)
    return people.with_notes(
        *(f"{n:,} of {total} are left out: {why}" for why, n in skipped.items()),
        *(f"{n:,} of {total} {note}" for note, n in noted.items()),
        *([] if in_folder else images.notes(path)),
    )


def validate_row(row: dict, names: tuple[str, ...]) -> dict:
    """Checks that the numbers of a row are finite and within the bounds of images.

    Args:
        row: Row of `people.from_rows`; joints and weights have the right shapes.
        names: Of the joints.

    Returns:
        The row; joints of weight 0 that are out of bounds are 0, and `split` is one of
        `subsets.SPLITS`.

    Raises:
        ValueError: If a weight, a joint of positive weight, the window, the size of
            the head or of the box, or the split is not valid.
    """
    joints, weights = (np.asarray(row[key], float) for key in ("joints", "weights"))
    if not ((0 <= weights) & (weights <= 1)).all():
        raise ValueError("weights of joints must lie in 0 to 1")
    usable = (np.abs(joints) <= MAX_COORDINATE).all(-1)  # False for NaN, too
    if (faulty := ~usable & (weights > 0)).any():
        first = int(faulty.argmax())
        raise ValueError(
            f"joint {names[first]!r} must be two finite numbers of up to "
            f"{MAX_COORDINATE:,.0f} pixels, not {joints[first].tolist()}"
        )
    center, side = np.asarray(row["center"], float), float(row["side"])
    if center.shape != (2,) or not (np.abs(center) <= MAX_COORDINATE).all():
        raise ValueError(
            f"`center` must be two finite numbers of up to {MAX_COORDINATE:,.0f} "
            f"pixels, not {center.tolist()}"
        )
    if not MIN_SIDE <= side <= MAX_COORDINATE:
        raise ValueError(
            f"`side` must be {MIN_SIDE:g} to {MAX_COORDINATE:,.0f} pixels, not {side:g}"
        )
    if not 0 <= float(row.get("head_size", 0)) <= MAX_COORDINATE:
        raise ValueError(
            f"`head_size` must be 0 to {MAX_COORDINATE:,.0f} pixels, "
            f"not {row['head_size']}"
        )
    box_size = np.asarray(row.get("box_size", (0, 0)), float)
    if (
        box_size.shape != (2,)
        or not ((0 <= box_size) & (box_size <= MAX_COORDINATE)).all()
    ):
        raise ValueError(
            f"`box_size` must be two numbers of 0 to {MAX_COORDINATE:,.0f} pixels, "
            f"not {box_size.tolist()}"
        )
    split = to_split(row.get("split", "train"))
    return {**row, "split": split, "joints": np.where(usable[:, None], joints, 0)}


# Python's and NumPy's messages about values of another type or shape -> the same of
# JSON, where {} is the type that was found.
TYPE_ERRORS = {
    r"'(\w+)' object is not (?:iterable|subscriptable)": "{} where a list or an object",
    r"'(\w+)' object has no attribute '(?:get|items|keys)'": "{} where an object",
    r"'(\w+)' object (?:has no attribute|is not a mapping)": "{} where another value",
    r"object of type '(\w+)' has no len": "{} where a list",
    r"argument of type '(\w+)' is not iterable": "{} where an object",
    r"(list) indices must be|(str)ing indices must be": "{} where an object",
    r"(?:float|int)\(\) argument must be .* not '(\w+)'": "{} where a number",
    r"(?:could not convert string to float|invalid literal for int).*: (.*)": (
        "{} where a number"
    ),
    r"setting an array element .* inhomogeneous": (
        "lists of unequal lengths where one shape"
    ),
    r"cannot reshape array of size (\d+) into shape \((.*?),?\)": (
        "{} numbers where a shape of {}"
    ),
}
JSON_TYPES = {
    **{"dict": "an object", "list": "a list", "str": "a text", "bool": "true or false"},
    **{"int": "a number", "float": "a number", "NoneType": "null"},
}


def describe_parse_error(error: Exception) -> str:
    """Describes a parse error for the user."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    for pattern, text in TYPE_ERRORS.items():
        if match := re.match(pattern, str(error)):
            found = [JSON_TYPES.get(each, each) for each in match.groups() if each]
            return f"{text.format(*found)} is expected"
    return str(error)


@contextmanager
def require_structure(path: Path, structure: str):
    """Raises parse errors of a whole file as a `DatasetError` that names it.

    Args:
        path: Of the file.
        structure: Of its contents: "have `people`".
    """
    try:
        yield
    except PARSE_ERRORS as error:
        raise files.DatasetError(
            f"{path} must {structure}: {describe_parse_error(error)}"
        ) from None


def parse_positive(value) -> float:
    """Parses a length or an area; NaN where it is missing, or no positive number."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return np.nan
    return value if 0 < value < np.inf else np.nan


def with_names(path: Path, entries: list, key: str):
    """Yields (name of the person for messages, entry) for each entry of a file.

    Args:
        path: Of the file.
        entries: As the file lists them; valid or not.
        key: Under which an entry names its image.
    """
    for number, entry in enumerate(entries):
        name = f"{path}, person {number}"
        image = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(image, str) and len(image) <= paths.MAX_LENGTH:
            name = f"{paths.display_path(image)} ({name})"
        yield name, entry
