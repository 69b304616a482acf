"""COCO's boxes: all images of a dataset with the boxes of all their people.

For person detection: images without people, people without keypoints, and crowds are
there, which `load_coco` leaves out.
"""

from collections import Counter

from keras_hourglass.data.datasets.coco.annotation_files import (
    AnnotationFile,
    read_files,
)
from keras_hourglass.data.datasets.coco.categories import STRUCTURE
from keras_hourglass.data.datasets.coco.images import to_id
from keras_hourglass.data.datasets.coco.person import NO_IMAGE, is_crowd
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import (
    SkipPerson,
    handle_fault,
    require_structure,
)
from keras_hourglass.data.readers.windows import parse_box


def load_boxes(root, category: str | None = None, images=None) -> Photographs:
    """Loads all images of a COCO dataset with the boxes of a category.

    Args:
        root, category, images: See `load_coco`.

    Raises:
        DatasetError: If the folder does not hold the dataset.
    """
    return read_photographs(root, category, images)[0]


def read_photographs(root, category: str | None = None, images=None, key: str = "bbox"):
    """Reads the images of a COCO dataset, and the annotations of their boxes.

    Args:
        root, category, images, key: See `read_files`.

    Returns:
        `Photographs`; for each of them a list with the annotation of each box; and for
        each of them the `Category` of its file.

    Raises:
        DatasetError: If the folder does not hold the dataset, or, unless within
            `collect_faults`, an image has no possible name.
    """
    files, notes = read_files(root, category, images, key)
    rows = []
    for file in files:
        with require_structure(file.path, STRUCTURE):
            boxes, skipped = _sort_boxes(file)
        for number, image in file.images.items():
            try:
                path = file.finder.find(image.file_name)
            except DatasetError as error:
                handle_fault(f"{file.path}, image {number}", error)
                continue
            split = file.split_of(image.file_name)
            rows.append((path, image.size, split, boxes[number], file.category))
        total = f"{len(file.annotations):,} annotations of {file.path}"
        notes += [f"{n:,} of {total} are left out: {why}" for why, n in skipped.items()]
        notes += file.finder.notes(file.path)
    images, sizes, splits, entries, categories = zip(*rows) if rows else [()] * 5
    photographs = Photographs(
        images=images,
        sizes=sizes,
        splits=splits,
        boxes=[[parse_box(entry["bbox"]) for entry in listed] for listed in entries],
        is_crowd=[[is_crowd(entry) for entry in listed] for listed in entries],
        notes=tuple(notes),
    )
    return photographs, entries, categories


def _sort_boxes(file: AnnotationFile):
    """Id of each image -> annotations with a box; reason -> annotations left out."""
    entries = {number: [] for number in file.images}
    skipped = Counter()
    for entry in file.annotations:
        try:
            file.category.require(entry)
        except SkipPerson as reason:
            skipped[str(reason)] += 1
            continue
        if to_id(entry.get("image_id")) not in entries:
            skipped[NO_IMAGE] += 1
        elif parse_box(entry.get("bbox")) is None:
            skipped["no usable box"] += 1
        else:
            entries[to_id(entry["image_id"])].append(entry)
    return entries, skipped
