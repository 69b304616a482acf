"""Custom datasets ("own"): images, and joints in a table or a JSON file.

`people.csv` has a header line and one line per person:

image: File name, in the folder itself or its `images/`, or from the table's own
    folder. (`picture`, the column's name until version 0.1, is read, too.)
JOINT_x, JOINT_y: Image pixels, counted from 0; empty for a joint without a label.
JOINT_weight, or JOINT_score: Confidence of the label, 0 to 1; 1 by default.
x, y, width, height: The person's box, image pixels.
head_size: Reference length of PCKh, image pixels.
split: "train", "val" or "test".

Only the image and the joints are required. JOINT is any name: `nose`, `left_ear`.
`people.json` has the format of `prepared.py`'s `annotations.json`. The window of a
person follows from the box or, without one, from the joints.
"""

from os.path import abspath, isfile
from pathlib import Path

from keras_hourglass.data.datasets import prepared
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files, table
from keras_hourglass.data.readers.paths import resolve_path
from keras_hourglass.data.readers.rows import collect_people

NAMES = ("people.csv", "people.json")


def load_custom(root, images=None) -> People:
    """Loads the people of a folder.

    Args:
        root: Folder with `people.csv` or `people.json`, itself or in its
            `annotations/`; or a file of either format, under any name.
        images: Folder of the images. By default, they lie in the dataset's folder, and
            are named from there, from its `images/` or from the folder of the file.
    """
    root, path = find_people(root)
    if ".csv" in path.suffixes:
        skeleton, people, to_entry = table.read_table(path)
    else:
        (skeleton, people), to_entry = prepared.list_people(path), dict
    folder = root if images is None else Path(images)

    def parse(entry):
        row = prepared.parse_person(to_entry(entry), len(skeleton.joints))
        return {**row, "image": locate_image(folder, row["image"], path.parent)}

    return collect_people(people, parse, skeleton, path, folder)


def find_people(root) -> tuple[Path, Path]:
    """Finds the folder of a dataset and its file of people."""
    if root is not None and isfile(root):
        path = Path(root)
        return path.parent, path
    root = files.require_folder(root, "own")
    paths = files.find_files(root, *NAMES)
    if len(paths) > 1:
        raise files.DatasetError(f"{root} must hold one of {NAMES}, not both")
    if not paths:
        raise files.missing_file(root, *NAMES)
    return root, paths[0]


def locate_image(folder: Path, image: str, start: Path) -> str:
    """Returns the path of an image from a folder, where its file must lie.

    Args:
        folder: Of the images.
        image: Its name, from the folder, the folder's `images/` or `start`.
        start: Folder of the file that names it.
    """
    if isinstance(image, str) and not Path(image).anchor:
        path, whole = Path(abspath(start / image)), Path(abspath(folder))
        if path.is_relative_to(whole) and isfile(path):
            return str(path.relative_to(whole))
    try:
        return image if isfile(resolve_path(folder, image)) else f"images/{image}"
    except files.DatasetError as error:
        if ".." not in Path(str(image)).parts:
            raise
        hint = "`--images DIR` names the folder that images lie in"
        raise files.DatasetError(f"{error}; {hint}") from None
