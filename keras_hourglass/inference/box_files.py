"""Box files: JSON as `hourglass-keras predict` writes it, COCO's JSON, and CSV.

COCO's result format: https://cocodataset.org/#format-results
"""

import csv
import json
from io import StringIO
from pathlib import Path

from keras_hourglass.data.readers.files import DatasetError, read_text
from keras_hourglass.data.readers.table import (
    BOX_COLUMNS,
    IMAGE_COLUMN,
    OLD_IMAGE_COLUMN,
    detect_delimiter,
    parse_number,
)
from keras_hourglass.inference.boxes import Boxes, validate_boxes
from keras_hourglass.inference.coco_output import PERSON, PERSON_CATEGORY

IMAGE_KEYS = (IMAGE_COLUMN, OLD_IMAGE_COLUMN)
PARSE_ERRORS = (ValueError, KeyError, TypeError, AttributeError, IndexError)


def is_coco(content) -> bool:
    """Returns whether JSON content is an annotation or result file of COCO."""
    if isinstance(content, dict):
        return "annotations" in content
    return bool(content) and isinstance(content[0], dict) and "bbox" in content[0]


def parse_coco(content):
    """Yields name or number of the image, None for the frame, and a box, per person.

    Raises:
        KeyError, TypeError: If something is missing.
    """
    names, detections, people = {}, content, {PERSON_CATEGORY}
    if isinstance(content, dict):
        names = {image["id"]: image["file_name"] for image in content.get("images", [])}
        detections = content["annotations"]
        categories = content.get("categories", [])
        people = {each["id"] for each in categories if each["name"] == PERSON}
        posed = {each["id"] for each in categories if each.get("keypoints")}
        people = people or posed or {PERSON_CATEGORY}
    for detection in detections:
        category = detection.get("category_id", PERSON_CATEGORY)
        if category in people and not detection.get("iscrowd"):
            score = [detection["score"]] if "score" in detection else []
            number = detection["image_id"]
            yield names.get(number, number), None, [*detection["bbox"], *score]


def parse_json(content):
    """Yields name of the image, number of the frame or None, and a box, per person.

    Args:
        content: One or a list of the objects that `predict` prints; or boxes by name.

    Raises:
        KeyError, TypeError, AttributeError: If something is missing.
    """
    if isinstance(content, dict) and not {*IMAGE_KEYS} & {*content}:
        for name, rows in content.items():
            for row in rows:
                yield name, None, row
        return
    for entry in [content] if isinstance(content, dict) else content:
        key = next((key for key in IMAGE_KEYS if key in entry), IMAGE_KEYS[0])
        for person in entry["people"]:
            score = [person["score"]] if "score" in person else []
            yield entry[key], entry.get("frame"), [*person["box"], *score]


def parse_table(text: str):
    """Yields the same as `parse_json`, from the lines of a table.

    Raises:
        ValueError: If a column is missing, or a cell is not a number.
    """
    lines = csv.DictReader(StringIO(text, newline=""), delimiter=detect_delimiter(text))
    header = lines.fieldnames or []
    image = next((key for key in IMAGE_KEYS if key in header), IMAGE_KEYS[0])
    required = [image, *BOX_COLUMNS]
    if missing := [name for name in required if name not in header]:
        raise ValueError(f"of the columns {required}, {missing} are missing")
    for line in lines:
        cells = {name: cell for name, cell in line.items() if cell}
        frame, score = parse_number(cells, "frame"), parse_number(cells, "score")
        row = [parse_number(cells, name) for name in BOX_COLUMNS]
        frame = None if frame is None else int(frame)
        yield cells[image], frame, row if score is None else [*row, score]


def read_boxes(path) -> Boxes:
    """Reads the boxes that a file lists, compressed (`.gz`) or not.

    A `.csv` file has the columns image, x, y, width, height, and optionally frame and
    score. JSON, or JSON lines, is the output of `hourglass-keras predict`; one object
    with `[[x, y, width, height], ...]` under each image's name; or COCO's list of
    detections or annotation file, of which only people count, or, where a file has no
    category "person", those of categories with keypoints.

    Raises:
        OSError: If there is no such file.
        DatasetError: If it is none of these; names the first wrong entry.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`boxes` must be a file. Received: boxes={str(path)!r}"
        )
    text, entries = read_text(path), []
    try:
        for name, frame, row in _parse(path, text):
            entries.append((name, frame, validate_boxes(row, scored=True)))
    except DatasetError:
        raise
    except PARSE_ERRORS as error:
        after = f", after {len(entries):,} people" if entries else ""
        reason = f"lacks {error}" if isinstance(error, KeyError) else error
        raise DatasetError(f"{path} lists no boxes{after}: {reason}") from None
    return Boxes(entries)


def _parse(path, text):
    if ".csv" in path.suffixes:
        return parse_table(text)
    content = _load_json(path, text)
    return parse_coco(content) if is_coco(content) else parse_json(content)


def _load_json(path, text):
    """Parses JSON; of JSON lines, gives the list."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as whole:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise DatasetError(f"{path} is not readable as JSON: {whole}") from None
