"""Boxes as this library writes them, and as a person would by hand."""

import csv
from io import StringIO

from keras_hourglass.data.reading.table import BOX, PICTURE, number, parting


def of_json(listed):
    """Name of the picture, number of the frame or None, and the row, of each person.

    Args:
        listed: What `predict` prints, one or a list of them; or boxes by name.

    Raises:
        KeyError, TypeError, AttributeError: If something is missing.
    """
    if isinstance(listed, dict) and PICTURE not in listed:
        for name, rows in listed.items():
            for row in rows:
                yield name, None, row
        return
    for found in [listed] if isinstance(listed, dict) else listed:
        for person in found["people"]:
            score = [person["score"]] if "score" in person else []
            yield found[PICTURE], found.get("frame"), [*person["box"], *score]


def of_table(text: str):
    """The same, of a table's lines.

    Raises:
        ValueError: If a column is missing, or a cell is no number.
    """
    lines = csv.DictReader(StringIO(text, newline=""), delimiter=parting(text))
    needed = [PICTURE, *BOX]
    if missing := [name for name in needed if name not in (lines.fieldnames or [])]:
        raise ValueError(f"of the columns {needed}, {missing} are missing")
    for line in lines:
        held = {name: cell for name, cell in line.items() if cell}
        frame, score = number(held, "frame"), number(held, "score")
        row = [number(held, name) for name in BOX]
        frame = None if frame is None else int(frame)
        yield held[PICTURE], frame, row if score is None else [*row, score]
