"""Finding a dataset's files, and never any outside its folder."""

import json
from gzip import BadGzipFile
from gzip import open as open_gzip
from os.path import isdir
from pathlib import Path
from zlib import error as ZlibError

import numpy as np

from keras_hourglass.data import matfile
from keras_hourglass.data.people import People


class DatasetError(ValueError):
    """A dataset that cannot be used as it is; names the file and the person."""


def folder(root, dataset: str) -> Path:
    """The folder of a dataset, once it is sure that it exists."""
    if root is None:
        raise DatasetError(f"dataset {dataset!r} needs a folder: {dataset}:DIR")
    if not Path(root).is_dir():
        raise DatasetError(f"`root` must be a folder. Received: root={str(root)!r}")
    return Path(root)


def find(root: Path, *names: str) -> list[Path]:
    """The files of some names that exist, compressed or not.

    Args:
        root: Where to look, and in its `annotations/`.
        names: Or patterns; the files come in their order.
    """
    found = {}
    for name in names:
        for pattern in (name, f"annotations/{name}"):
            for path in sorted([*root.glob(pattern), *root.glob(f"{pattern}.gz")]):
                found.setdefault(path.name.removesuffix(".gz"), path)
    return [*found.values()]


def find_one(root: Path, name: str) -> Path:
    """The file of a name, which must exist; see `find`."""
    for path in find(root, name):
        return path
    raise lacking(root, name)


def lacking(root: Path, *names: str) -> DatasetError:
    """What to raise where `find` finds none of the names."""
    return DatasetError(
        f"`root` must hold {' or '.join(names)}, itself or in its `annotations/`. "
        f"Received: root={str(root)!r}"
    )


def read_matlab(path: Path, variable: str, squeeze: bool = False):
    """A variable of a `.mat` file, structs as objects; see `matfile.read`.

    Raises:
        DatasetError: If there is none.
    """
    try:
        return matfile.read(path, variable, squeeze)
    except ValueError as error:
        raise DatasetError(f"{path} has no readable {variable!r}: {error}") from None


LONGEST = 1024  # letters of a picture's name, folders and all


def inside(parent: Path, name: str) -> str:
    """The path of a picture that an annotation names, in the folder of pictures.

    The name is taken as it is, spaces and all. Links are followed wherever they lead:
    who owns the folder has put them there, no annotation can.

    Raises:
        DatasetError: If it would lie anywhere else, or no file can have the name.
    """
    if not isinstance(name, str):
        raise DatasetError("the picture must be a file's name")
    if len(name) > LONGEST:
        raise DatasetError(
            f"picture {name[:20]!r}... has {len(name):,} letters, of at most {LONGEST}"
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


def shown(name: str) -> str:
    """A name as it is, or quoted where it would break a line or not be seen."""
    return name if name.isprintable() and name == name.strip() else repr(name)


MOST_BYTES = 2**29  # of text; COCO's, the longest there is, has half of that


def read_text(path: Path, kind: str = "text") -> str:
    """What a text file says, compressed or not.

    Args:
        path: Of the file.
        kind: What it should be, for messages.

    Raises:
        DatasetError: If it is no Unicode, or longer than `MOST_BYTES` (so that a
            small file cannot be unpacked to fill the memory).
    """
    opener = open_gzip if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
        return text.decode(json.detect_encoding(text))
    except (ValueError, EOFError, BadGzipFile, ZlibError) as error:
        raise DatasetError(f"{path} is not readable as {kind}: {error}") from None


def read_json(path: Path):
    """What a JSON file says, compressed or not.

    Raises:
        DatasetError: If it is no JSON.
    """
    text = read_text(path, "JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is not readable as JSON: {error}") from None


MISSING = ("error", "skip", "keep")


def without_missing(people: People, missing: str = "error") -> People:
    """The people whose pictures exist.

    Args:
        missing: "error" insists that all do; "skip" leaves the others out and notes
            how many remain; "keep" hands back everybody, whose pictures were not
            looked for.

    Raises:
        DatasetError: If pictures are missing and that is not to be skipped, or none
            is left.
    """
    if missing not in MISSING:
        raise ValueError(f"`missing` must be one of {MISSING}. Received: {missing=}")
    if missing == "keep":
        return people
    is_file = people.readers == None  # noqa: E711, of each
    folders = {str(Path(path).parent) for path in people.pictures[is_file]}
    listed = {
        str(path) for name in folders if isdir(name) for path in Path(name).iterdir()
    }
    here = ~is_file | np.array([path in listed for path in people.pictures], bool)
    absent = set(people.pictures[~here])
    if not absent:
        return people
    count = len(set(people.pictures))
    first = min(absent)
    said = f"{len(absent):,} of {count:,} pictures are missing, {shown(first)} first"
    if missing != "skip" or not here.any():
        raise DatasetError(f"{said}; `--missing-images skip` goes on without them")
    return people.take(here).noting(
        f"{said}: {here.sum():,} of {len(here):,} people remain"
    )
