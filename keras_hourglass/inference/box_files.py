"""COCO's people: a list of detections, or an annotation file.

https://cocodataset.org/#format-results

Boxes as this library writes them, and as a person would by hand.

Reading boxes from a file: JSON of three kinds, or a table.
"""

import csv
import json
from io import StringIO
from pathlib import Path

from keras_hourglass.data.readers.files import DatasetError, read_text
from keras_hourglass.data.readers.table import (
    BOX_COLUMNS,
    OLD_IMAGE_COLUMN,
    detect_delimiter,
    parse_number,
)
from keras_hourglass.inference.boxes import Boxes, to_boxes

PERSON = 1  # COCO's number of this category


def is_coco(listed) -> bool:
    """Whether what a JSON file says is of COCO's kind."""
    if isinstance(listed, dict):
        return "annotations" in listed
    return bool(listed) and isinstance(listed[0], dict) and "bbox" in listed[0]


def coco_entries(listed):
    """Name or number of the picture, None for the frame, and the row, of each person.

    Raises:
        KeyError, TypeError: If something is missing.
    """
    named, detections, people = {}, listed, {PERSON}
    if isinstance(listed, dict):
        named = {image["id"]: image["file_name"] for image in listed.get("images", [])}
        detections = listed["annotations"]
        kinds = listed.get("categories", [])
        people = {kind["id"] for kind in kinds if kind["name"] == "person"} or people
    for found in detections:
        if found.get("category_id", PERSON) in people and not found.get("iscrowd"):
            score = [found["score"]] if "score" in found else []
            picture = found["image_id"]
            yield named.get(picture, picture), None, [*found["bbox"], *score]


def parse_json(listed):
    """Name of the picture, number of the frame or None, and the row, of each person.

    Args:
        listed: What `predict` prints, one or a list of them; or boxes by name.

    Raises:
        KeyError, TypeError, AttributeError: If something is missing.
    """
    if isinstance(listed, dict) and OLD_IMAGE_COLUMN not in listed:
        for name, rows in listed.items():
            for row in rows:
                yield name, None, row
        return
    for found in [listed] if isinstance(listed, dict) else listed:
        for person in found["people"]:
            score = [person["score"]] if "score" in person else []
            yield found[OLD_IMAGE_COLUMN], found.get("frame"), [*person["box"], *score]


def parse_table(text: str):
    """The same, of a table's lines.

    Raises:
        ValueError: If a column is missing, or a cell is no number.
    """
    lines = csv.DictReader(StringIO(text, newline=""), delimiter=detect_delimiter(text))
    needed = [OLD_IMAGE_COLUMN, *BOX_COLUMNS]
    if missing := [name for name in needed if name not in (lines.fieldnames or [])]:
        raise ValueError(f"of the columns {needed}, {missing} are missing")
    for line in lines:
        held = {name: cell for name, cell in line.items() if cell}
        frame, score = parse_number(held, "frame"), parse_number(held, "score")
        row = [parse_number(held, name) for name in BOX_COLUMNS]
        frame = None if frame is None else int(frame)
        yield held[OLD_IMAGE_COLUMN], frame, row if score is None else [*row, score]


PARSE_ERRORS = (ValueError, KeyError, TypeError, AttributeError, IndexError)


def read_boxes(path) -> Boxes:
    """The boxes that a file lists, compressed (`.gz`) or not.

    Of a `.csv` the columns are picture, x, y, width, height, and maybe frame and score.
    JSON, or a JSON text in each line, is what `hourglass-keras predict` prints; one
    object with `[[x, y, width, height], ...]` under the name of each picture; or
    COCO's: a list of detections, or a whole annotation file. Of COCO's categories
    only people count.

    Raises:
        OSError: If there is no such file.
        DatasetError: If it is none of these; says which entry is not.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`boxes` must be a file. Received: boxes={str(path)!r}"
        )
    text, entries = read_text(path), []
    try:
        for name, frame, row in _entries(path, text):
            entries.append((name, frame, to_boxes(row)))
    except DatasetError:
        raise
    except PARSE_ERRORS as error:
        after = f", after {len(entries):,} people" if entries else ""
        said = f"lacks {error}" if isinstance(error, KeyError) else error
        raise DatasetError(f"{path} lists no boxes{after}: {said}") from None
    return Boxes(entries)


def _entries(path, text):
    if ".csv" in path.suffixes:
        return parse_table(text)
    listed = _parsed(path, text)
    if is_coco(listed):
        return coco_entries(listed)
    return parse_json(listed)


def _parsed(path, text):
    """What a JSON file says, or a list of what each of its lines says."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as whole:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise DatasetError(f"{path} is not readable as JSON: {whole}") from None
