"""COCO's boxes: all images of a dataset with the boxes of all their people.

For person detection: images without people, people without keypoints, and crowds are
there, which `load_coco` leaves out.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

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
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.rows import SkipPerson, require_structure
from keras_hourglass.data.readers.subsets import split_of_file, split_of_image
from keras_hourglass.data.readers.windows import parse_box


@dataclass(frozen=True, eq=False)
class ImageBoxes:
    """N images, each with the boxes of its people.

    Attributes:
        images: `(N,)`, strings: paths.
        sizes: `(N, 2)`, float32, width and height as listed, NaN where they are not.
        splits: `(N,)`, strings: "train", "val" or "test".
        boxes: For each image `(people, 4)`, float32: x, y, width, height, image pixels.
        is_crowd: For each image `(people,)`, bool: whether a box holds several people.
        notes: Sentences for the user: boxes left out, and the reason.
    """

    images: np.ndarray
    sizes: np.ndarray
    splits: np.ndarray
    boxes: tuple[np.ndarray, ...]
    is_crowd: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()

    def __len__(self):
        return len(self.images)


def load_boxes(root, category: str | None = None, images=None) -> ImageBoxes:
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
    return ImageBoxes(
        images=np.array([row[0] for row in rows], object),
        sizes=np.array([row[1] for row in rows], "float32").reshape(-1, 2),
        splits=np.array([row[2] for row in rows], object),
        boxes=tuple(
            np.array([box for box, _ in row[3]], "float32").reshape(-1, 4)
            for row in rows
        ),
        is_crowd=tuple(np.array([crowd for _, crowd in row[3]], bool) for row in rows),
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
