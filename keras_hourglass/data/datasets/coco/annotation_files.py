"""COCO's annotation files: category, images and split of each, and what they share.

Tools that split a dataset leave the whole beside its parts. Read together, people to
validate on would be trained on: such a file is left out, other overlaps are refused.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from keras_hourglass.data.datasets.coco.categories import (
    STRUCTURE,
    Category,
    choose_category,
    read_category,
)
from keras_hourglass.data.datasets.coco.images import ListedImage, read_images
from keras_hourglass.data.datasets.coco.layout import read_annotations, subset_of
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.image_finder import ImageFinder, image_finder
from keras_hourglass.data.readers.paths import display_path
from keras_hourglass.data.readers.rows import require_structure
from keras_hourglass.data.readers.subsets import split_of_file, split_of_image


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file of a dataset.

    Attributes:
        path: Of the file.
        annotations: As the file lists them.
        category: The category to read.
        images: Id, as text -> image.
        finder: Finds the image files.
        split: By the name of the file or of its folder; None if neither says one.
    """

    path: Path
    annotations: list
    category: Category
    images: dict[str, ListedImage]
    finder: ImageFinder
    split: str | None

    @property
    def names(self) -> set[str]:
        """The names of the images; an annotation may name one by anything."""
        names = (image.file_name for image in self.images.values())
        return {name for name in names if isinstance(name, str)}

    def split_of(self, image: str) -> str:
        """Returns the split of an image, by its name in the file."""
        return self.split or split_of_image(image) or "train"


def read_files(root, category: str | None = None, images=None, key: str = "keypoints"):
    """Reads the annotation files of a dataset.

    Args:
        root, category, images: See `load_coco`.
        key: Of annotations: "keypoints", or "bbox" for those without joints, too.

    Returns:
        One or more `AnnotationFile`, and notes for the user.

    Raises:
        DatasetError: If the folder does not hold the dataset, or an image is in files
            of different splits.
    """
    root, read, notes = read_annotations(root, key)
    name = choose_category(read, category, joints=key == "keypoints")
    found = []
    for path, contents in read.items():
        of_category = read_category(contents, name, path)
        with require_structure(path, STRUCTURE):
            listed, annotations = read_images(contents), [*contents["annotations"]]
        names = [image.file_name for image in listed.values()]
        finder = image_finder(path, root, names, images, subset_of(path, root))
        split = split_of_file(path, root)
        found.append(
            AnnotationFile(path, annotations, of_category, listed, finder, split)
        )
    found, copies = leave_out_copies(found)
    return found, [*notes, *copies]


def leave_out_copies(files: list[AnnotationFile]):
    """Leaves out files of no split, all of whose images are in files that say one.

    Returns:
        The other files, and a note of each that is left out.

    Raises:
        DatasetError: If an image is in files of different splits.
    """
    count = Counter(name for file in files for name in file.names)
    marked, first, copies = set(), {}, {}
    for file in sorted(files, key=lambda file: file.split is None):
        # An image that is not found has a tuple in place of a path.
        places = {
            file.finder.search(name) or (name,): name
            for name in file.names
            if count[name] > 1
        }
        if file.split is not None:
            marked |= {*places}
        elif file.names and len(places) == len(file.names) and marked >= {*places}:
            why = "all its images are in files that say their split"
            copies[file.path] = f"{file.path} is not read: {why}"
            continue
        for place, name in places.items():
            split = file.split_of(name)
            other, path = first.setdefault(place, (split, file.path))
            if other != split and isinstance(place, str):
                raise DatasetError(
                    "`root` must hold files that give each image one split; "
                    f"{display_path(place)} is of {other!r} in {path}, and of "
                    f"{split!r} in {file.path}. coco:FILE reads one file alone"
                )
    return [file for file in files if file.path not in copies], [*copies.values()]
