"""A table of people, in columns that say what they hold; see `own.py` for which."""

import csv
from io import StringIO
from pathlib import Path

from keras_hourglass.data.datasets.prepared import read_skeleton
from keras_hourglass.data.readers.files import DatasetError, read_text
from keras_hourglass.skeletons import SKELETONS, full_name
from keras_hourglass.utils import suggest

IMAGE_COLUMN = "picture"
BOX_COLUMNS = ("x", "y", "width", "height")
PLAIN_COLUMNS = (IMAGE_COLUMN, *BOX_COLUMNS, "head_size", "split")
PLACE = ("_x", "_y")  # how the columns of a joint end
WEIGHT, SCORE = "_weight", "_score"  # a network's is called the latter
JOINTS = sorted({name for known in SKELETONS.values() for name in known.joints})


def read_table(path: Path):
    """The skeleton of a CSV file, its people, and what makes an entry of one.

    Args:
        path: Of the file, its cells parted by commas, semicolons or tabs.

    Returns:
        The skeleton; (name to tell a person by, cells) of each line; a function of the
        cells, whose entry `crops.person` makes a row of.

    Raises:
        DatasetError: If it is no such table.
    """
    text = read_text(path)
    lines = csv.reader(StringIO(text, newline=""), delimiter=detect_delimiter(text))
    try:
        header = [name.strip() for name in next(lines, [])]
        joints = joint_columns(header)
        skeleton = read_skeleton(joints)
        people = []
        for cells in lines:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                where = f"{path}, line {lines.line_num}"
                picture = dict(zip(header, cells)).get(IMAGE_COLUMN)
                people.append((f"{picture} ({where})" if picture else where, cells))
    except (csv.Error, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from None
    return skeleton, people, lambda cells: parse_row(header, cells, joints)


def detect_delimiter(text: str) -> str:
    """What parts the cells of a table, from its first line."""
    return max(",;\t", key=text.partition("\n")[0].count)


def joint_columns(header: list[str]) -> list[str]:
    """The joints that a table's columns name, as they are written there.

    Raises:
        ValueError: If a column is missing, comes twice or has no meaning.
    """
    if IMAGE_COLUMN not in header:
        raise ValueError(f"the first line must name a column {IMAGE_COLUMN!r}")
    if twice := {name for name in header if header.count(name) > 1}:
        raise ValueError(f"columns {sorted(twice)} come twice")
    if 0 < len({*BOX_COLUMNS} & {*header}) < len(BOX_COLUMNS):
        raise ValueError(f"of a box all columns are needed: {BOX_COLUMNS}")
    joints = {}
    for name in header:
        joint, _, end = name.rpartition("_")
        if name in PLAIN_COLUMNS:
            continue
        if f"_{end}" not in (*PLACE, WEIGHT, SCORE):
            raise ValueError(
                f"column {name!r} must be one of {PLAIN_COLUMNS} or end in one of "
                f"{(*PLACE, WEIGHT, SCORE)}"
            )
        if full_name(joint) not in JOINTS:
            raise ValueError(
                f"column {name!r} must begin with a joint. {suggest(joint, JOINTS)}"
            )
        joints[joint] = joints.get(joint, ()) + (f"_{end}",)
    for joint, ends in joints.items():
        if not {*PLACE} <= {*ends}:
            raise ValueError(f"joint {joint!r} needs the columns {PLACE}")
    return [*joints]


def parse_row(header: list[str], cells: list[str], joints: list[str]) -> dict:
    """An entry as of a prepared folder.

    Raises:
        ValueError: If the line has not a cell for each column, or a cell is no number.
    """
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells stand under {len(header)} columns")
    held = {name: cell for name, cell in zip(header, cells) if cell}
    entry = {"image": held.get(IMAGE_COLUMN, ""), "joints": [], "scores": []}
    for joint in joints:
        place = [parse_number(held, joint + end) for end in PLACE]
        if (place[0] is None) != (place[1] is None):
            raise ValueError(f"joint {joint!r} must have both of {PLACE} or none")
        weights = [parse_number(held, joint + end) for end in (WEIGHT, SCORE)]
        weight = next((value for value in weights if value is not None), 1)
        entry["joints"].append([value or 0 for value in place])
        entry["scores"].append(0 if place[0] is None else weight)
    box = [parse_number(held, name) for name in BOX_COLUMNS]
    if any(value is not None for value in box):
        entry["box"] = box
    if "head_size" in held:
        entry["head_size"] = parse_number(held, "head_size")
    if "split" in held:
        entry["split"] = held["split"]
    return entry


def parse_number(held: dict, column: str) -> float | None:
    """The number in a column, None where that is empty."""
    try:
        return float(held[column]) if column in held else None
    except ValueError:
        raise ValueError(f"`{column}` must be a number, not {held[column]!r}") from None
