"""Custom datasets ("own"): images, and joints in a table or a JSON file.

`people.csv` has a header line and one line per person:

image: File name, in the folder itself or its `images/`. (`picture`, the column's name
    until version 0.1, is read, too.)
JOINT_x, JOINT_y: Image pixels, counted from 0; empty for a joint without a label.
JOINT_weight, or JOINT_score: Confidence of the label, 0 to 1; 1 by default.
x, y, width, height: The person's box, image pixels.
head_size: Reference length of PCKh, image pixels.
split: "train", "val" or "test".

Only the image and the joints are required. JOINT is any name: `nose`, `left_ear`.
`people.json` has the format of `prepared.py`'s `annotations.json`. The window of a
person follows from the box or, without one, from the joints.
"""

from os.path import isfile
from pathlib import Path

from keras_hourglass.data.datasets import prepared
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files, table
from keras_hourglass.data.readers.paths import resolve_path
from keras_hourglass.data.readers.rows import collect_people

NAMES = ("people.csv", "people.json")


def load_custom(root) -> People:
    """Loads the people of a folder.

    Args:
        root: Folder with `people.csv` or `people.json`, itself or in its
            `annotations/`, and image files, themselves or in its `images/`.
    """
    root = files.require_folder(root, "own")
    paths = files.find_files(root, *NAMES)
    if len(paths) > 1:
        raise files.DatasetError(f"{root} must hold one of {NAMES}, not both")
    if not paths:
        raise files.missing_file(root, *NAMES)
    (path,) = paths
    if ".csv" in path.suffixes:
        skeleton, people, to_entry = table.read_table(path)
    else:
        (skeleton, people), to_entry = prepared.list_people(path), dict

    def parse(entry):
        row = prepared.parse_person(to_entry(entry), len(skeleton.joints))
        return {**row, "image": locate_image(root, row["image"])}

    return collect_people(people, parse, skeleton, path, root)


def locate_image(root: Path, image: str) -> str:
    """Returns the path of an image in a folder, or else in its `images/`."""
    return image if isfile(resolve_path(root, image)) else f"images/{image}"
