"""People of one's own: pictures, and a table or a JSON file that says where joints are.

`people.csv` has a line for each person, under a line that names the columns:

picture: A file, in the folder itself or its `images/`.
NAME_x, NAME_y: Each joint, pixels counted from 0; empty where it is not labelled.
NAME_weight, or NAME_score: How far the joint is trusted, 0 to 1, where that is not 1.
x, y, width, height: The person's box, pixels.
head_size: The length that errors are measured in, pixels.
split: "train" or "val".

Only the picture and the joints are needed; NAME is as in `skeleton.py`. `people.json`
is as the `annotations.json` of `crops.py`. Nobody has to say how large a person is:
the window to look at is worked out of the box or, without one, of the joints.
"""

from os.path import isfile
from pathlib import Path

from keras_hourglass.data.datasets import prepared
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files, table
from keras_hourglass.data.readers.paths import resolve_path
from keras_hourglass.data.readers.rows import collect_people

NAMES = ("people.csv", "people.json")


def load_custom(root, faults=None) -> People:
    """The people of a folder.

    Args:
        root: Folder with `people.csv` or `people.json`, itself or in `annotations/`,
            and pictures, themselves or in `images/`.
        faults: See `reading.gather`.
    """
    root = files.require_folder(root, "own")
    paths = files.find_files(root, *NAMES)
    if len(paths) > 1:
        raise files.DatasetError(f"{root} must hold one of {NAMES}, not both")
    if not paths:
        raise files.missing_file(root, *NAMES)
    (path,) = paths
    if ".csv" in path.suffixes:
        skeleton, people, described = table.read_table(path)
    else:
        (skeleton, people), described = prepared.list_people(path), dict

    def read(entry):
        row = prepared.parse_person(described(entry), len(skeleton.joints))
        return {**row, "image": row_to_person(root, row["image"])}

    return collect_people(people, read, skeleton, path, root, faults)


def row_to_person(root: Path, picture: str) -> str:
    """Where a picture lies in a folder: in `images/`, if not in the folder itself."""
    return picture if isfile(resolve_path(root, picture)) else f"images/{picture}"
