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
        for image, boxes in listed:
            split = of_file or split_of_image(image.file_name) or "train"
            rows.append((finder.find(image.file_name), image.size, split, boxes))
        total = f"{len(contents['annotations']):,} annotations of {path}"
        notes += [f"{n:,} of {total} are left out: {why}" for why, n in skipped.items()]
        notes += finder.notes(path)
    images, sizes, splits, boxes = zip(*rows) if rows else [()] * 4
    return Photographs(
        images=images,
        sizes=sizes,
        splits=splits,
        boxes=[[box for box, _ in listed] for listed in boxes],
        is_crowd=[[crowd for _, crowd in listed] for listed in boxes],
        notes=tuple(notes),
    )


def _read_file(contents, category):
    """(image, [(box, whether it is a crowd)]) of each image; reason -> annotations."""
    images = read_images(contents)
    boxes = {number: [] for number in images}
    skipped = Counter()
    for entry in contents["annotations"]:
        try:
            category.require(entry)
        except SkipPerson as reason:
            skipped[str(reason)] += 1
            continue
        box = parse_box(entry.get("bbox"))
        if to_id(entry.get("image_id")) not in images:
            skipped[NO_IMAGE] += 1
        elif box is None:
            skipped["no usable box"] += 1
        else:
            boxes[to_id(entry["image_id"])].append((box, is_crowd(entry)))
    return [(images[number], boxes[number]) for number in images], skipped
