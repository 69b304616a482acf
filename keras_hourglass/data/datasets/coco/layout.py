"""COCO's layout, as COCO and annotation tools have it: which files are annotations.

COCO and CVAT write `annotations/person_keypoints_SUBSET.json`, Roboflow
`SUBSET/_annotations.coco.json`, Label Studio `result.json`, FiftyOne `labels.json`.
"""

from pathlib import Path

from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.files import ANNOTATION_FOLDERS
from keras_hourglass.data.readers.subsets import WORDS, words_of

PATTERNS = ("person_keypoints*.json", "*.json")  # the second where the first has none
MAX_PEEKED = 50  # files deeper in the folder, to suggest one
# Words around the subset in the name of a file.
FILLERS = {"person", "keypoints", "keypoint", "instances", "annotations", "coco"}


def read_annotations(
    root, key: str = "keypoints"
) -> tuple[Path, dict[Path, dict], list[str]]:
    """Reads the annotation files of a dataset.

    Args:
        root: Folder, or the only file to read.
        key: Of annotations, "keypoints" or "bbox".

    Returns:
        The folder of the dataset; path -> contents of one or more files; notes of files
        that are left out as none of their annotations has the key, where others do.
    """
    root, paths = find_annotations(root)
    read = {path: files.read_json(path) for path in paths}
    usable = [path for path in paths if has_annotations(read[path], key)] or paths
    notes = [f"{p} is not read: no {key}" for p in paths if p not in usable]
    return root, {path: read[path] for path in usable}, notes


def find_annotations(root) -> tuple[Path, list[Path]]:
    """Finds the annotation files of a dataset.

    Args:
        root: Folder, or the only file to read.

    Returns:
        The folder of the dataset, and one or more files.

    Raises:
        DatasetError: If there is none.
    """
    root, path = files.locate_root(root, "coco")
    if path:
        return root, [path]
    folders = [root, *(f for f in sorted(root.iterdir()) if _may_annotate(f))]
    folders += [
        inner
        for folder in folders[1:]
        for inner in sorted(folder.iterdir())
        if _may_annotate(inner)
    ]
    for pattern in PATTERNS:
        found = {}
        for path in (p for f in folders for p in files.glob(f, pattern)):
            found.setdefault(str(path).removesuffix(".gz"), path)
        if found:
            return root, [*found.values()]
    inner = [*files.glob(root, "*/*.json"), *files.glob(root, "*/*/*.json")]
    inner = filter(_is_coco, inner[:MAX_PEEKED])
    advice = next((f"; name the file as coco:{path}" for path in inner), "")
    raise files.DatasetError(
        f"`root` must hold {PATTERNS[0]} or another JSON file, itself, in its "
        "`annotations/` or in folders such as `train/` and `valid/`, or be such a file"
        f"{advice}. Received: root={str(root)!r}"
    )


def _is_coco(path):
    try:
        return has_annotations(files.read_json(path))
    except files.DatasetError:
        return False


def _may_annotate(folder):
    if folder.name.startswith("."):
        return False
    named = {*words_of(folder.name)} & {*WORDS, *ANNOTATION_FOLDERS}
    return bool(named) and folder.is_dir()  # last: it asks the disk, for each image


def subset_of(path: Path, root: Path) -> str:
    """Returns the subset that an annotation file or else its folder is named after.

    "val2017" for `person_keypoints_val2017.json`; "" if there is none.
    """
    parts = path.name.split(".")[0].split("_")
    while parts and (not parts[0] or parts[0].lower() in FILLERS):
        del parts[0]
    while parts and (not parts[-1] or parts[-1].lower() in FILLERS):
        del parts[-1]
    if parts or path.parent == root or path.parent.name.lower() in ANNOTATION_FOLDERS:
        return "_".join(parts)
    return path.parent.name


def has_annotations(contents, key: str = "keypoints") -> bool:
    """Returns whether the contents of a JSON file are COCO's, with a key.

    That of the joints may be in its categories alone. Without annotations, the images
    have no people, which boxes tell as well.
    """
    if not isinstance(contents, dict) or not {"images", "annotations"} <= {*contents}:
        return False
    lists = [contents.get("categories"), contents["annotations"]]
    return (key == "bbox" and contents["annotations"] == []) or any(
        isinstance(entry, dict) and key in entry
        for entries in lists
        if isinstance(entries, list)
        for entry in entries
    )
