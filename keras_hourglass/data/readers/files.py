"""Finding a dataset's annotation files, and reading them."""

import json
from gzip import BadGzipFile
from gzip import open as open_gzip
from pathlib import Path
from zlib import error as ZlibError

from keras_hourglass.data.readers import matlab


class DatasetError(ValueError):
    """A dataset that cannot be used as it is; names the file and the person."""


def require_folder(root, dataset: str) -> Path:
    """The folder of a dataset, once it is sure that it exists."""
    if root is None:
        raise DatasetError(f"dataset {dataset!r} needs a folder: {dataset}:DIR")
    if not Path(root).is_dir():
        raise DatasetError(f"`root` must be a folder. Received: root={str(root)!r}")
    return Path(root)


def find_files(root: Path, *names: str) -> list[Path]:
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


def find_file(root: Path, name: str) -> Path:
    """The file of a name, which must exist; see `find`."""
    for path in find_files(root, name):
        return path
    raise missing_file(root, name)


def missing_file(root: Path, *names: str) -> DatasetError:
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
        return matlab.read_mat(path, variable, squeeze)
    except ValueError as error:
        raise DatasetError(f"{path} has no readable {variable!r}: {error}") from None


MAX_BYTES = 2**29  # of text; COCO's, the longest there is, has half of that


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
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
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
