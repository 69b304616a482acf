"""COCO keypoints: people with 17 joints each, or a category with joints of its own.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#format-data
"""

from keras_hourglass import skeletons
from keras_hourglass.data.datasets.coco.annotation_files import (
    AnnotationFile,
    read_files,
)
from keras_hourglass.data.datasets.coco.images import to_id
from keras_hourglass.data.datasets.coco.person import parse_person
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers.rows import collect_people
from keras_hourglass.models.config import validate_positive_integers


def load_coco(
    root,
    category: str | None = None,
    images=None,
    min_joints: int | None = None,
) -> People:
    """Loads the people with enough labeled joints.

    The joints are those of all files. Joints labeled as hidden have the same weight as
    visible ones. A word such as "val" or "test" in the name of a file or of its folder
    gives the split.

    Args:
        root: Folder with one or more `person_keypoints*.json`, or other JSON files of
            COCO's format, itself, in its `annotations/` or in folders such as `train/`
            and `valid/`; or such a file.
        category: Name of the category to read. By default "person" if there, else the
            only one with joints.
        images: Folder of the images; by default, they are looked for beside the file
            and in the usual folders, see `image_finder.py`.
        min_joints: Labeled joints that a person must have. By default 5 of COCO's 17
            joints, and one of others.
    """
    if min_joints is not None:
        validate_positive_integers(min_joints=min_joints)
    read, notes = read_files(root, category, images)
    parts = [_load_file(each, min_joints) for each in read]
    used = {file.path: part for file, part in zip(read, parts) if len(part)}
    skeleton = skeletons.merge([part.skeleton for part in used.values() or parts])
    for path, part in used.items():
        if lacking := [n for n in skeleton.joints if n not in part.skeleton]:
            notes.append(f"{path} lacks joints of other files: {', '.join(lacking)}")
    parts = [part.to_skeleton(skeleton) for part in parts]
    return concatenate(parts).with_notes(*notes)


def _load_file(file: AnnotationFile, min_joints):
    names = {number: image.file_name for number, image in file.images.items()}
    entries = [
        (_describe(file.path, index, entry, names), entry)
        for index, entry in enumerate(file.annotations)
    ]

    def parse(entry):
        row = parse_person(entry, file.category, names, min_joints)
        row["listed_size"] = file.images[to_id(entry["image_id"])].size
        return {**row, "split": file.split_of(row["image"])}

    category = file.category
    people = collect_people(entries, parse, category.skeleton, file.path, file.finder)
    return people.with_notes(*category.notes)


def _describe(path, index, entry, file_names):
    """Names a person for messages; an annotation may be anything."""
    entry = entry if isinstance(entry, dict) else {}
    number = entry.get("id", f"at index {index}")
    where = f"{path}, annotation {number}"
    image = file_names.get(to_id(entry.get("image_id")))
    return f"{image} ({where})" if image is not None else where
