"""Tables of people: CSV files whose columns `datasets/custom.py` describes."""

import csv
from io import StringIO
from pathlib import Path

from keras_hourglass import skeletons
from keras_hourglass.data.readers.files import DatasetError, read_text

IMAGE_COLUMN, OLD_IMAGE_COLUMN = "image", "picture"  # the latter until version 0.1
BOX_COLUMNS = ("x", "y", "width", "height")
BOX_SCORE = "score"  # of a box, as `predict` writes it; not read
UNCERTAIN = "uncertain"  # names of joints, as `predict` writes them; not read
PLAIN_COLUMNS = (IMAGE_COLUMN, *BOX_COLUMNS, BOX_SCORE, "head_size", "split", UNCERTAIN)
COORDINATES = ("_x", "_y")  # endings of a joint's columns
SCORE = "_score"  # as `predict` writes it
WEIGHTS = ("_weight", SCORE)
# Cells of missing values, in lower case: pandas and R write these words.
EMPTY = {"", "nan", "none", "null", "na", "n/a", "<na>"}


def read_table(path: Path):
    """Reads a CSV file, separated by commas, semicolons or tabs.

    Args:
        path: Of the file.

    Returns:
        The skeleton; a list of (name of the person for messages, cells), one per line;
        a function from cells to an entry as of `datasets/prepared.py`.

    Raises:
        DatasetError: If it is not such a table.
    """
    text = read_text(path)
    lines = csv.reader(StringIO(text, newline=""), delimiter=detect_delimiter(text))
    try:
        header = unify_header(next(lines, []))
        joints = joint_columns(header)
        skeleton = skeletons.of_joints(joints)
        people = []
        for cells in lines:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                name = f"{path}, line {lines.line_num}"
                image = dict(zip(header, cells)).get(IMAGE_COLUMN)
                people.append((f"{image} ({name})" if image else name, cells))
    except (csv.Error, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from None
    return skeleton, people, lambda cells: parse_row(header, cells, joints)


def detect_delimiter(text: str) -> str:
    """Detects the delimiter of a table from its first line."""
    return max(",;\t", key=text.partition("\n")[0].count)


def unify_header(header: list[str]) -> list[str]:
    """Returns the names of columns in the spelling that other functions expect.

    Only upper and lower case differ: `Nose_X` and `nose_y` are of one joint, which gets
    its first spelling.
    """
    spellings, unified = {}, []
    for name in map(str.strip, header):
        joint, _, ending = name.rpartition("_")
        ending = f"_{ending.lower()}"
        if joint and ending in (*COORDINATES, *WEIGHTS):
            joint = spellings.setdefault(joint.lower(), joint)
            unified.append(joint + ending)
        elif name.lower() == OLD_IMAGE_COLUMN:
            unified.append(IMAGE_COLUMN)
        else:
            unified.append(name.lower() if name.lower() in PLAIN_COLUMNS else name)
    return unified


def joint_columns(header: list[str]) -> list[str]:
    """Returns the names of the joints that the columns of a table describe.

    Raises:
        ValueError: If a column is missing, duplicate or unknown.
    """
    if IMAGE_COLUMN not in header:
        raise ValueError(f"the first line must name a column {IMAGE_COLUMN!r}")
    header = [name for name in header if name]  # pandas' index has none
    if duplicates := {name for name in header if header.count(name) > 1}:
        raise ValueError(f"duplicate columns: {sorted(duplicates)}")
    if 0 < len({*BOX_COLUMNS} & {*header}) < len(BOX_COLUMNS):
        raise ValueError(f"a box needs all of the columns {BOX_COLUMNS}")
    joints = {}
    for name in header:
        joint, _, ending = name.rpartition("_")
        if name in PLAIN_COLUMNS:
            continue
        if f"_{ending}" not in (*COORDINATES, *WEIGHTS):
            raise ValueError(
                f"column {name!r} must be one of {PLAIN_COLUMNS} or end in one of "
                f"{(*COORDINATES, *WEIGHTS)}"
            )
        if not joint.strip():
            raise ValueError(f"column {name!r} must begin with a joint's name")
        joints[joint] = joints.get(joint, ()) + (f"_{ending}",)
    for joint, endings in joints.items():
        if not {*COORDINATES} <= {*endings}:
            raise ValueError(f"joint {joint!r} needs the columns {COORDINATES}")
    return [*joints]


def parse_row(header: list[str], cells: list[str], joints: list[str]) -> dict:
    """Parses a line into an entry as of `datasets/prepared.py`.

    Raises:
        ValueError: If the number of cells differs from the header's, or a cell that
            should be a number is not.
    """
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells stand under {len(header)} columns")
    filled = {
        name: cell for name, cell in zip(header, cells) if cell.lower() not in EMPTY
    }
    entry = {"image": filled.get(IMAGE_COLUMN, ""), "joints": [], "scores": []}
    for joint in joints:
        point = [parse_number(filled, joint + ending) for ending in COORDINATES]
        if (point[0] is None) != (point[1] is None):
            raise ValueError(f"joint {joint!r} must have both of {COORDINATES} or none")
        weights = [parse_number(filled, joint + ending) for ending in WEIGHTS]
        weight = next((value for value in weights if value is not None), 1)
        entry["joints"].append([value or 0 for value in point])
        entry["scores"].append(0 if point[0] is None else weight)
    box = [parse_number(filled, name) for name in BOX_COLUMNS]
    if any(value is not None for value in box):
        entry["box"] = box
    if "head_size" in filled:
        entry["head_size"] = parse_number(filled, "head_size")
    if "split" in filled:
        entry["split"] = filled["split"]
    return entry


def parse_number(cells: dict, column: str) -> float | None:
    """Parses the number in a column; None where the column is missing or empty."""
    try:
        return float(cells[column]) if column in cells else None
    except ValueError:
        hint = " (the decimal mark must be a point)" if "," in cells[column] else ""
        raise ValueError(
            f"`{column}` must be a number, not {cells[column]!r}{hint}"
        ) from None
