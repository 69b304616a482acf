"""Subsets: words in the names of files and folders that say who is in which split.

Tools spell them as they like: `val2017`, `Valid`, `validation`, `TRAIN`, `Default`. No
other module knows these words.
"""

import re
from pathlib import Path

SPLITS = ("train", "val", "test")  # people of "test" are never trained on
WORDS = {
    **dict.fromkeys(("train", "training", "trainval"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "minival"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
    "default": None,  # a subset of CVAT's and Datumaro's, but of no split
}
# Of several words: `train_val` is trained on, and nothing that is a test.
PRECEDENCE = ("test", "train", "val")


def words_of(name: str) -> list[str]:
    """Splits a name into words: `personKeypoints_val2017` has three."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.findall(r"[^\W\d_]+", parted)]


def split_of_name(name: str) -> str | None:
    """Returns the split that a word of a name says; None if no word does.

    Only whole words count: `carnival` is no validation set.
    """
    splits = {WORDS.get(word) for word in words_of(name)}
    return next((split for split in PRECEDENCE if split in splits), None)


def digits_of_split(name: str) -> str:
    """Returns the digits beside the word of a split: "2017" of `val2017_v1`."""
    parts = re.split(r"_(?!\d)", name)
    part = next(filter(split_of_name, parts), "")
    return "".join(filter(str.isdigit, part))


def split_of_folder(name: str) -> str | None:
    """Returns the split of a folder whose name is one such word, digits aside.

    For folders that are named after other things, too, such as a clip `test-mouse`.
    """
    return split_of_name(name) if len(words_of(name)) == 1 else None


def split_of_image(name: str) -> str | None:
    """Returns the split that the folders in the name of an image say."""
    folders = name.replace("\\", "/").split("/")[:-1]
    return next(filter(None, map(split_of_folder, reversed(folders))), None)


def split_of_file(path: Path, root: Path) -> str | None:
    """Returns the split of an annotation file: by its own name, else by the nearest
    folder within the dataset's that says one, else by the dataset's."""
    path, whole = Path(path).absolute(), Path(root).absolute()
    names = [path.name, *(f.name for f in path.parents if whole in f.parents)]
    return next(filter(None, map(split_of_name, names)), None) or split_of_root(root)


def split_of_folders(path: Path, root: Path) -> str | None:
    """Returns the split of the folders around a file: of the nearest within the
    dataset's that is named by one such word, else of the dataset's."""
    return split_of_image(str(path.relative_to(root))) or split_of_root(root)


def split_of_root(root: Path) -> str | None:
    """Returns the split of a dataset's own folder, such as `valid/` beside `train/`.

    None if no other subset lies beside it: folders are called `test` for any reason.
    """
    root = Path(root).absolute()
    split = split_of_folder(root.name)
    others = {split_of_folder(folder.name) for folder in _siblings(root)}
    return split if others - {None, split} else None


def _siblings(folder):
    try:
        return [path for path in folder.parent.iterdir() if path.is_dir()]
    except OSError:  # a folder that may be entered, but not listed
        return []


def to_split(text: str) -> str:
    """Returns the split that a word in a table or an annotation names.

    Raises:
        ValueError: If it names none.
    """
    split = WORDS.get(text.strip().lower()) if isinstance(text, str) else None
    if split is None:
        raise ValueError(f"`split` must be 'train', 'val' or 'test', not {text!r}")
    return split
