"""Annotation files: finding them in a dataset's folder, and reading them."""

import json
from gzip import BadGzipFile
from gzip import open as open_gzip
from pathlib import Path
from zlib import error as ZlibError

from keras_hourglass.utils.files import suffix_of


class DatasetError(ValueError):
    """Raised for a dataset that cannot be used; the message names file and person."""


def require_folder(root, dataset: str) -> Path:
    """Checks that the folder of a dataset is given and exists."""
    if root is None:
        raise DatasetError(f"dataset {dataset!r} needs a folder: {dataset}:DIR")
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise DatasetError(f"`root` must be a folder. Received: root={str(root)!r}")
    return folder


# Folders of annotations, beside those of images.
ANNOTATION_FOLDERS = ("annotations", "annot", "ann", "labels")


def locate_root(root, dataset: str) -> tuple[Path, Path | None]:
    """Returns the folder of a dataset, and the only file to read if `root` is a file.

    A file in `annotations/` or the like is of the folder around it.

    Raises:
        DatasetError: If there is neither.
    """
    if root is None or Path(root).expanduser().is_dir():
        return require_folder(root, dataset), None
    path = Path(root).expanduser()
    if not path.is_file():
        raise DatasetError(
            "`root` must be a folder, or an annotation file. "
            f"Received: root={str(root)!r}"
        )
    path = path if path.parent.name else path.absolute()
    inner = path.parent.name.lower() in ANNOTATION_FOLDERS
    return path.parent.parent if inner else path.parent, path


def find_files(root: Path, *names: str) -> list[Path]:
    """Finds the files of some names, compressed or not.

    Args:
        root: Folder to search, together with its `annotations/`.
        names: File names or patterns; the paths come in their order.
    """
    found = {}
    for name in names:
        for path in (*glob(root, name), *glob(root, f"annotations/{name}")):
            found.setdefault(path.name.removesuffix(".gz"), path)
    return [*found.values()]


def glob(folder: Path, pattern: str, compressed: bool = True) -> list[Path]:
    """Lists the files of a pattern in a folder, by name.

    Files that are hidden below the folder are left out. Macs add `._1.json` and
    `__MACOSX/` to disks and archives, Jupyter `.ipynb_checkpoints/`: copies, or no JSON
    at all.

    Args:
        folder: The folder.
        pattern: As in `Path.glob`.
        compressed: Whether files with `.gz` after their name belong to them.
    """
    patterns = (pattern, f"{pattern}.gz") if compressed else (pattern,)
    return [
        path
        for path in sorted(path for each in patterns for path in folder.glob(each))
        if not any(
            part.startswith(".") or part == "__MACOSX"
            for part in path.relative_to(folder).parts
        )
    ]


def find_file(root: Path, name: str) -> Path:
    """Finds the file of a name, which must exist. See `find_files`."""
    for path in find_files(root, name):
        return path
    raise missing_file(root, name)


def missing_file(root: Path, *names: str) -> DatasetError:
    """Makes the error to raise where `find_files` finds none of the names."""
    return DatasetError(
        f"`root` must hold {' or '.join(names)}, itself or in its `annotations/`. "
        f"Received: root={str(root)!r}"
    )


def read_matlab(path: Path, variable: str, squeeze: bool = False):
    """Reads a variable of a `.mat` file. See `matlab.read_mat`.

    Raises:
        DatasetError: If there is no such variable, or the file is damaged.
    """
    from keras_hourglass.data.readers import matlab  # and SciPy: 0.2 s

    try:
        return matlab.read_mat(path, variable, squeeze)
    except ValueError as error:
        raise DatasetError(f"{path} has no readable {variable!r}: {error}") from None


MAX_BYTES = 2**29  # of text, unpacked: twice the size of COCO's, the longest there is


def read_text(path: Path, kind: str = "text") -> str:
    """Reads a text file in any Unicode encoding, compressed or not.

    Args:
        path: Of the file.
        kind: Expected content, for messages.

    Raises:
        DatasetError: If it is not Unicode, or longer than `MAX_BYTES` (so that a small
            archive cannot be unpacked to fill the memory).
    """
    opener = open_gzip if suffix_of(path) == ".gz" else open
    try:
        with opener(path, "rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        return text.decode(json.detect_encoding(text))
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path} is not readable as {kind}: it is not in UTF-8, nor in another "
            "encoding of Unicode"
        ) from None
    except (ValueError, EOFError, BadGzipFile, ZlibError) as error:
        raise DatasetError(f"{path} is not readable as {kind}: {error}") from None


def read_json(path: Path):
    """Reads a JSON file, compressed or not.

    Raises:
        DatasetError: If it is not JSON.
    """
    return parse_json(path, read_text(path, "JSON"))


def parse_json(path: Path, text: str):
    """Parses JSON.

    Args:
        path: Of the file, for messages.
        text: Its content.

    Raises:
        DatasetError: If it is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        reason = "its lists or objects are nested too deeply"
    except ValueError as error:
        reason = str(error) if text.strip() else "it is empty"
    raise DatasetError(f"{path} is not readable as JSON: {reason}")
