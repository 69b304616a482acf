"""COCO keypoints: people with 17 joints each.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#format-data
"""

from functools import partial

from keras_hourglass.data.datasets.coco.layout import (
    PATTERN,
    image_folder,
    split_of,
    subset_of,
)
from keras_hourglass.data.datasets.coco.person import parse_person
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import (
    PARSE_ERRORS,
    collect_people,
    describe_error,
)
from keras_hourglass.skeletons import COCO


def load_coco(root) -> People:
    """Loads the people with enough labeled joints.

    Joints labeled as hidden have the same weight as visible ones. Files with "val" in
    their names are the validation split.

    Args:
        root: Folder with one or more `person_keypoints*.json`, itself or in its
            `annotations/`. The images of `person_keypoints_val2017.json` lie in
            `val2017/`, `images/val2017/` or `images/`.
    """
    root = files.require_folder(root, "coco")
    paths = files.find_files(root, PATTERN)
    if not paths:
        raise files.missing_file(root, PATTERN)
    return concatenate([_load_file(path, root) for path in paths])


def _load_file(path, root):
    contents = files.read_json(path)
    try:
        images = contents["images"]
        file_names = {str(image["id"]): image["file_name"] for image in images}
        entries = [
            (_describe(path, index, entry, file_names), entry)
            for index, entry in enumerate(contents["annotations"])
        ]
    except PARSE_ERRORS as error:
        raise files.DatasetError(
            f"{path} must list `images` and `annotations` as COCO does: "
            f"{describe_error(error)}"
        ) from None
    subset = subset_of(path)
    parse = partial(parse_person, file_names=file_names, split=split_of(subset))
    return collect_people(entries, parse, COCO, path, image_folder(root, subset))


def _describe(path, index, entry, file_names):
    """Names a person for messages; an annotation may be anything."""
    entry = entry if isinstance(entry, dict) else {}
    number = entry.get("id", f"at index {index}")
    where = f"{path}, annotation {number}"
    image = file_names.get(str(entry.get("image_id")))
    return f"{image} ({where})" if image is not None else where
