"""Image paths: names in annotations, confined to their folder, and missing files."""

import os
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.readers.files import DatasetError

MAX_LENGTH = 1024  # characters of an image's name, folders included
LOOKED_IN = "are in none of"  # the folders that a reader's note then lists


def resolve_path(parent: Path, name: str) -> str:
    """Returns the path of an image that an annotation names, within a folder.

    The name is used unchanged, spaces included. Symbolic links are followed: only the
    owner of the folder can make them, no annotation can.

    Raises:
        DatasetError: If the path would lie outside of the folder, or is not a possible
            file name.
    """
    if not isinstance(name, str):
        raise DatasetError("the image must be a file name")
    if len(name) > MAX_LENGTH:
        raise DatasetError(
            f"image {name[:20]!r}... has {len(name):,} characters, at most "
            f"{MAX_LENGTH:,} are allowed"
        )
    if Path(name).anchor or ".." in Path(name).parts or not name.strip():
        raise DatasetError(f"image {name!r} lies outside of {parent}")
    if "\0" in name or not _encodable(name):
        raise DatasetError(f"image {name!r} is not a possible file name")
    return str(parent / name)


def parts_of(name: str) -> tuple[str, ...]:
    """Returns the parts of a path, whether it was written on Windows or not."""
    return PurePath(name.replace("\\", "/")).parts


def _encodable(name):
    try:
        return bool(name.encode())
    except UnicodeEncodeError:  # an unpaired surrogate, which JSON can hold
        return False


def display_path(name: str) -> str:
    """Returns a path for a message, quoted if it has line breaks or outer spaces."""
    return name if name.isprintable() and name == name.strip() else repr(name)


def list_files(folder) -> frozenset[str]:
    """Lists the names of the files in a folder; none if it cannot be read.

    One listing is quicker by far than asking for each of thousands of files. Of its
    entries only links, which may lead nowhere, cost a question each.
    """
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if _is_file(entry))
    except (OSError, ValueError):
        return frozenset()


def _is_file(entry):
    try:
        return entry.is_file()
    except OSError:  # a circle of links
        return False


MISSING_CHOICES = ("error", "skip", "keep")


def drop_missing(people: People, missing: str = "error") -> People:
    """Removes the people whose image files do not exist.

    Args:
        missing: "error" raises if any file is missing, "skip" removes people with a
            note of how many remain, "keep" returns all without a check.

    Raises:
        DatasetError: If files are missing and `missing` is "error", or all are.
    """
    if missing not in MISSING_CHOICES:
        raise ValueError(
            f"`missing` must be one of {MISSING_CHOICES}. Received: {missing=}"
        )
    places = [note for note in people.notes if LOOKED_IN in note]
    if missing == "keep":
        notes = tuple(note for note in people.notes if note not in places)
        return replace(people, notes=notes)
    is_file = people.readers == None  # noqa: E711, elementwise
    folders = {str(Path(path).parent) for path in people.images[is_file]}
    listed = {str(Path(path) / name) for path in folders for name in list_files(path)}
    exists = ~is_file | np.array([path in listed for path in people.images], bool)
    absent = set(people.images[~exists])
    if not absent:
        return people
    count = len(set(people.images))
    message = (
        f"{len(absent):,} of {count:,} images are missing, first "
        f"{display_path(min(absent))}"
    )
    if missing != "skip" or not exists.any():
        advice = "`missing='skip'` leaves them out"
        if places:
            advice += ", `images=DIR` names their folder"
        raise DatasetError("; ".join((message, advice, *places)))
    return people[exists].with_notes(
        f"{message}: {exists.sum():,} of {len(exists):,} {people.unit[1]} remain"
    )
