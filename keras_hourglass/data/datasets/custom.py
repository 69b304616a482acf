"""Custom datasets ("own"): images, and joints in a table or a JSON file.

`people.csv` has a header line and one line per person:

image: File name, in the folder itself, its `images/` or another usual folder, or from
    the table's own folder. (`picture`, the name until version 0.1, is read, too.)
JOINT_x, JOINT_y: Image pixels, counted from 0; empty for a joint without a label.
JOINT_weight, or JOINT_score: Confidence of the label, 0 to 1; 1 by default.
x, y, width, height: The person's box, image pixels; `score`, the box's, is not read.
head_size: Reference length of PCKh, image pixels.
split: "train", "val" or "test"; by default the folder of the image, as in
    `images/val/1.jpg`, says it.

Only the image and the joints are required. JOINT is any name: `nose`, `left_ear`.
`people.json` has the format of `prepared.py`'s `annotations.json`. The window of a
person follows from the box or, without one, from the joints.
"""

from pathlib import Path

from keras_hourglass.data.datasets import prepared
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files, table
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.rows import PARSE_ERRORS, collect_people
from keras_hourglass.data.readers.subsets import split_of_file, split_of_image
from keras_hourglass.utils.files import suffix_of

NAMES = ("people.csv", "people.json")
TABLES = (".csv", ".tsv")


def load_custom(root, images=None) -> People:
    """Loads the people of a folder.

    Args:
        root: Folder with `people.csv` or `people.json`, itself or in its
            `annotations/`; or a file of either format, under any name.
        images: Folder of the images; by default, they are looked for in the dataset's
            folder and in the usual folders in it. Names may be from there, or from the
            folder of the file.
    """
    root, path = find_people(root)
    if suffix_of(path, compressed=True) in TABLES:
        skeleton, people, to_entry = table.read_table(path)
    else:
        (skeleton, people), to_entry = prepared.list_people(path), dict
    people = [(name, _attempt(to_entry, entry)) for name, entry in people]
    names = [entry.get("image") for _, entry in people if isinstance(entry, dict)]
    finder = image_finder(path, root, names, images)
    split = split_of_file(path, root)

    def parse(entry):
        if isinstance(entry, Exception):
            raise entry
        row = prepared.parse_person(entry, len(skeleton.joints))
        if "split" not in entry and isinstance(row["image"], str):
            row["split"] = split or split_of_image(row["image"]) or "train"
        return row

    return collect_people(people, parse, skeleton, path, finder)


def _attempt(to_entry, entry):
    """Returns an entry, or the error to raise when it is its turn."""
    try:
        return to_entry(entry)
    except PARSE_ERRORS as error:
        return error


def find_people(root) -> tuple[Path, Path]:
    """Finds the folder of a dataset and its file of people."""
    root, path = files.locate_root(root, "own")
    if path:
        return root, path
    paths = files.find_files(root, *NAMES)
    if len(paths) > 1:
        raise files.DatasetError(f"{root} must hold {' or '.join(NAMES)}, not both")
    if not paths:
        raise files.missing_file(root, *NAMES)
    return root, paths[0]
