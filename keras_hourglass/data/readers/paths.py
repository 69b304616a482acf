"""The pictures that annotations name: never outside their folder, and maybe missing."""

from os.path import isdir
from pathlib import Path

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.readers.files import DatasetError

MAX_LENGTH = 1024  # letters of a picture's name, folders and all


def resolve_path(parent: Path, name: str) -> str:
    """The path of a picture that an annotation names, in the folder of pictures.

    The name is taken as it is, spaces and all. Links are followed wherever they lead:
    who owns the folder has put them there, no annotation can.

    Raises:
        DatasetError: If it would lie anywhere else, or no file can have the name.
    """
    if not isinstance(name, str):
        raise DatasetError("the picture must be a file's name")
    if len(name) > MAX_LENGTH:
        raise DatasetError(
            f"picture {name[:20]!r}... has {len(name):,} letters, of at most "
            f"{MAX_LENGTH}"
        )
    if Path(name).anchor or ".." in Path(name).parts or not name.strip():
        raise DatasetError(f"picture {name!r} lies outside of {parent}")
    if "\0" in name or not _encodable(name):
        raise DatasetError(f"picture {name!r} has letters that no file's name has")
    return str(parent / name)


def _encodable(name):
    try:
        return bool(name.encode())
    except UnicodeEncodeError:  # half of a pair, which JSON can hold
        return False


def display_path(name: str) -> str:
    """A name as it is, or quoted where it would break a line or not be seen."""
    return name if name.isprintable() and name == name.strip() else repr(name)


MISSING_CHOICES = ("error", "skip", "keep")


def drop_missing(people: People, missing: str = "error") -> People:
    """The people whose pictures exist.

    Args:
        missing: "error" insists that all do; "skip" leaves the others out and notes
            how many remain; "keep" hands back everybody, whose pictures were not
            looked for.

    Raises:
        DatasetError: If pictures are missing and that is not to be skipped, or none
            is left.
    """
    if missing not in MISSING_CHOICES:
        raise ValueError(
            f"`missing` must be one of {MISSING_CHOICES}. Received: {missing=}"
        )
    if missing == "keep":
        return people
    is_file = people.readers == None  # noqa: E711, of each
    folders = {str(Path(path).parent) for path in people.images[is_file]}
    listed = {
        str(path) for name in folders if isdir(name) for path in Path(name).iterdir()
    }
    here = ~is_file | np.array([path in listed for path in people.images], bool)
    absent = set(people.images[~here])
    if not absent:
        return people
    count = len(set(people.images))
    first = min(absent)
    said = (
        f"{len(absent):,} of {count:,} pictures are missing, {display_path(first)} "
        "first"
    )
    if missing != "skip" or not here.any():
        raise DatasetError(f"{said}; `--missing-images skip` goes on without them")
    return people[here].with_notes(
        f"{said}: {here.sum():,} of {len(here):,} people remain"
    )
