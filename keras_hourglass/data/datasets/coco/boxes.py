"""COCO's boxes: all images of a dataset with the boxes of all their people.

For person detection: images without people, people without keypoints, and crowds are
there, which `load_coco` leaves out.
"""

from collections import Counter

from keras_hourglass.data.datasets.coco.categories import (
    STRUCTURE,
    choose_category,
    read_category,
)
from keras_hourglass.data.datasets.coco.images import read_images, to_id
from keras_hourglass.data.datasets.coco.layout import (
    read_annotations,
    subset_of,
)
from keras_hourglass.data.datasets.coco.person import NO_IMAGE, is_crowd
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.rows import SkipPerson, require_structure
from keras_hourglass.data.readers.subsets import split_of_file, split_of_image
from keras_hourglass.data.readers.windows import parse_box


def load_boxes(root, category: str | None = None, images=None) -> Photographs:
    """Loads all images of a COCO dataset with the boxes of a category.

    Args:
        root, category, images: See `load_coco`.

    Raises:
        DatasetError: If the folder does not hold the dataset.
    """
    return read_photographs(root, category, images)[0]


def read_photographs(root, category: str | None = None, images=None):
    """Reads the images of a COCO dataset, and the annotations of their boxes.

    Args:
        root, category, images: See `load_coco`.

    Returns:
        `Photographs`; for each of them a list with the annotation of each box; and for
        each of them the `Category` of its file.

    Raises:
        DatasetError: If the folder does not hold the dataset.
    """
    root, read, notes = read_annotations(root)
    wanted = choose_category(read, category)
    rows = []
    for path, contents in read.items():
        of_category = read_category(contents, wanted, path)
        with require_structure(path, STRUCTURE):
            listed, skipped = _read_file(contents, of_category)
        names = [image.file_name for image, _ in listed]
        finder = image_finder(path, root, names, images, subset_of(path, root))
        of_file = split_of_file(path, root)
        for image, entries in listed:
            split = of_file or split_of_image(image.file_name) or "train"
            place = finder.find(image.file_name), image.size, split
            rows.append((*place, entries, of_category))
        total = f"{len(contents['annotations']):,} annotations of {path}"
        notes += [f"{n:,} of {total} are left out: {why}" for why, n in skipped.items()]
        notes += finder.notes(path)
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


def _read_file(contents, category):
    """(image, annotations with a box) of each image; reason -> annotations left out."""
    images = read_images(contents)
    entries = {number: [] for number in images}
    skipped = Counter()
    for entry in contents["annotations"]:
        try:
            category.require(entry)
        except SkipPerson as reason:
            skipped[str(reason)] += 1
            continue
        if to_id(entry.get("image_id")) not in images:
            skipped[NO_IMAGE] += 1
        elif parse_box(entry.get("bbox")) is None:
            skipped["no usable box"] += 1
        else:
            entries[to_id(entry["image_id"])].append(entry)
    return [(images[number], entries[number]) for number in images], skipped
