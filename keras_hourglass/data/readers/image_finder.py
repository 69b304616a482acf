"""Image files of annotations, looked for in the usual places.

Tools store images beside the annotation, in `images/`, in `images/val2017/` or `data/`,
and name them by a file name, by a path on another machine or by an address.
So the longest end of a name that is a file in one of the folders is taken, and never a
file outside of them.
"""

import os
import re
from collections import Counter
from contextlib import suppress
from functools import cache
from os.path import abspath
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from keras_hourglass.data.readers import subsets
from keras_hourglass.data.readers.files import ANNOTATION_FOLDERS, DatasetError
from keras_hourglass.data.readers.paths import LOOKED_IN, list_files, resolve_path

# Folders of images: of most tools, of Supervisely, of FiftyOne.
IMAGES, *OTHER_FOLDERS = "images", "img", "data"
UPLOAD_ID = re.compile(r"[0-9a-f]{8}-(?=.)")  # put before names by Label Studio
DRIVE = re.compile("[A-Za-z]:")
MAX_ENDS = 8  # folders of a name that are kept, at most


class ImageFinder:
    """Finds the image files that the annotations of one file name.

    Args:
        names: All names in the file. An end of a name, such as `1.jpg` of
            `clips/a/1.jpg`, is looked for only if no other name ends so.
        bases: Folders to look in, with their subfolders of the usual names, the first
            before the others.
        subset: Name of the images' subset, such as "val2017".
        default: Folder of the path that is returned for an image in none of them.
        start: Folder of the file, from which a name may be relative.
    """

    def __init__(
        self, names, bases: list[Path], subset: str = "", default=None, start=None
    ):
        self.bases, self.subset = [*dict.fromkeys(bases)], subset
        self.start = self.bases[0] if start is None else start
        self.folders = [f for base in self.bases for f in usual_folders(base, subset)]
        inner = [f for f in self.folders if f not in self.bases and f.is_dir()]
        self.folders += [self.start] if self.bases[0] in self.start.parents else []
        self.default = inner[0] if inner else default or self.bases[0]
        self.missing = set()
        names = {name for name in names if isinstance(name, str)}
        self._count = Counter(end for name in names for end in {*_ends(name)})
        self._files = cache(list_files)

    def find(self, name: str) -> str:
        """Returns the path of an image; one that does not exist if there is none.

        Raises:
            DatasetError: If there is none, and the name lies outside of the folder or
                is not a possible file name.
        """
        if found := self.search(name):
            return found
        try:
            resolve_path(self.bases[0], name)
        except DatasetError as error:
            if not isinstance(name, str):
                raise
            hint = "`images=DIR` names the folder of the images"
            raise DatasetError(f"{error}; {hint}") from None
        self.missing.add(name)
        return str(self.default / name)

    def search(self, name) -> str | None:
        """Returns the path of an image; None if there is no such file."""
        if not isinstance(name, str):
            return None
        # Without a subset, whose folder is meant, a name is taken literally first.
        found = not self.subset and self._from_start(name)
        found = found or self._literally(name) or self._from_start(name)
        ends = (end for end in _ends(name) if self._count[end] == 1)
        return found or next(filter(None, map(self._in_folders, ends)), None)

    def notes(self, path: Path) -> list[str]:
        """Returns a note of the folders if images of an annotation file are missing."""
        if not self.missing:
            return []
        places, folders = [], [*self.folders]
        for base in self.bases:
            inner = [f.relative_to(base) for f in folders if f.is_relative_to(base)]
            folders = [f for f in folders if not f.is_relative_to(base)]
            inner = ", ".join(f"{folder}/" for folder in inner if folder.parts)
            places.append(f"{base} (itself, {inner})")
        return [
            f"{len(self.missing):,} images of {path} {LOOKED_IN} {'; '.join(places)}"
        ]

    def _literally(self, name):
        with suppress(DatasetError):
            resolve_path(self.bases[0], name)
            return self._in_folders(name)

    def _in_folders(self, name):
        for folder in self.folders:
            path = folder / name
            if path.name in self._files(str(path.parent)):
                return str(path)
        return None

    def _from_start(self, name):
        """Follows a name from the file that has it, unless that leaves all folders."""
        path = Path(abspath(self.start / name.replace("\\", "/")))
        for base in self.bases:
            whole = Path(abspath(base))
            if whole in path.parents and path.name in self._files(str(path.parent)):
                return str(base / path.relative_to(whole))
        return None


def image_finder(path: Path, root: Path, names, images=None, subset: str = ""):
    """Makes the `ImageFinder` of an annotation file.

    Args:
        path: Of the file.
        root: Folder of the dataset.
        names: All names of images in the file.
        images: The only folder to look in; by default those of the file and of the
            dataset.
        subset: Name of the images' subset by the name of the file, such as "val2017".
    """
    if images is not None:
        folder = Path(images).expanduser()
        if not folder.is_dir():
            raise DatasetError(
                f"`images` must be a folder. Received: images={str(images)!r}"
            )
        return ImageFinder(names, [folder], subset, start=path.parent)
    inner = path.parent.name.lower() in ANNOTATION_FOLDERS and path.parent != root
    bases = [path.parent.parent if inner else path.parent, root]
    default = root / IMAGES if bases[0] == root else bases[0]
    return ImageFinder(names, bases, subset, default, path.parent)


def usual_folders(base: Path, subset: str = "") -> list[Path]:
    """Lists the folders that images usually are in, the likeliest first.

    Args:
        base: Folder of a dataset or of its annotation.
        subset: Name of the images' subset, such as "val2017".
    """
    folders = []
    for each in subset_folders(base, subset):
        folders += [each, _inner(each, IMAGES)]
    images, *others = (_inner(base, name) for name in (IMAGES, *OTHER_FOLDERS))
    for folder in (images, *others):
        folders += subset_folders(folder, subset)
    return [*folders, images, base, *others]


def _inner(base, name):
    """Returns the folder of a name in another, in whatever case it is there."""
    names = [] if (base / name).is_dir() else sorted(_names(base))
    return base / next((other for other in names if other.lower() == name), name)


def subset_folders(base: Path, subset: str) -> list[Path]:
    """Lists the folders of a subset: of its name, or of another word for its split.

    `images/valid/` holds the images of "val2017", unless its digits differ, and so does
    `val2017/` those of "val", if there is no other.
    """
    if not subset:
        return []
    split, digits = subsets.split_of_name(subset), subsets.digits_of_split(subset)
    folders, numbered = [base / subset], []
    for folder in map(base.__truediv__, sorted(_names(base))):
        same = split is not None and subsets.split_of_folder(folder.name) == split
        own = subsets.digits_of_split(folder.name)
        if folder.name.lower() == subset.lower() or (same and own in (digits, "")):
            folders.append(folder)
        elif same and not digits:
            numbered.append(folder)
    return [*dict.fromkeys([*folders, *(numbered if len(numbered) == 1 else [])])]


def _names(folder):
    """Lists the names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def _ends(name: str):
    """Yields the ends of a name to look for, longest first: `a/1.jpg`, then `1.jpg`.

    Without the drive, the server and whatever lies before `..`.
    """
    names = [name]
    if "://" in name or "?" in name:
        with suppress(ValueError):  # no address after all
            address = urlsplit(name)
            # Label Studio's local files are the parameter `d`.
            names += parse_qs(address.query).get("d", [])[:1] or [address.path]
    names += [unquote(each) for each in names if "%" in each]
    for name in dict.fromkeys(names):
        parts = []
        for part in name.replace("\\", "/").split("/"):
            if part == "..":
                parts.clear()
            elif part not in ("", ".") and not DRIVE.fullmatch(part):
                parts.append(part)
        parts = parts[-MAX_ENDS:]
        yield from ("/".join(parts[first:]) for first in range(len(parts)))
        if parts and UPLOAD_ID.match(parts[-1]):
            yield UPLOAD_ID.sub("", parts[-1], count=1)
