"""COCO's annotation files: category, images and split of each."""

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
from keras_hourglass.data.readers.image_finder import ImageFinder, image_finder
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

    def split_of(self, image: str) -> str:
        """Returns the split of an image, by its name in the file."""
        return self.split or split_of_image(image) or "train"


def read_files(root, category: str | None = None, images=None):
    """Reads the annotation files of a dataset.

    Args:
        root, category, images: See `load_coco`.

    Returns:
        One or more `AnnotationFile`, and notes for the user.

    Raises:
        DatasetError: If the folder does not hold the dataset.
    """
    root, read, notes = read_annotations(root)
    name = choose_category(read, category)
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
    return found, notes
