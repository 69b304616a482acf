"""Box files: JSON as `hourglass-keras predict` writes it, COCO's JSON, and CSV.

COCO's result format: https://cocodataset.org/#format-results
"""

import csv
import json
import logging
from collections import Counter
from io import StringIO
from pathlib import Path

from keras_hourglass.data.datasets.coco.person import is_crowd
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.files import DatasetError, read_text
from keras_hourglass.data.readers.rows import PARSE_ERRORS, describe_parse_error
from keras_hourglass.data.readers.table import (
    BOX_COLUMNS,
    IMAGE_COLUMN,
    OLD_IMAGE_COLUMN,
    detect_delimiter,
    parse_number,
)
from keras_hourglass.data.readers.windows import parse_box
from keras_hourglass.inference.boxes import Boxes, validate_boxes
from keras_hourglass.inference.output.coco import PERSON_CATEGORY
from keras_hourglass.skeletons import PERSON
from keras_hourglass.utils import plural, suggest
from keras_hourglass.utils.files import suffix_of

IMAGE_KEYS = (IMAGE_COLUMN, OLD_IMAGE_COLUMN)
logger = logging.getLogger(__name__)


def is_coco(content) -> bool:
    """Returns whether JSON content is an annotation or result file of COCO."""
    if isinstance(content, dict):
        return "annotations" in content
    return bool(content) and isinstance(content[0], dict) and "bbox" in content[0]


def parse_coco(content, category: str | None = None, left_out: Counter | None = None):
    """Yields name or number of the image, None for the frame, and a box, per person.

    Args:
        content: Of an annotation or result file.
        category: Name or number of the category. By default "person", or, where a file
            has none, those with keypoints.
        left_out: Counts the boxes that are left out, by reason.

    Raises:
        KeyError, TypeError: If something is missing.
        ValueError: If there is no such category.
    """
    names, detections, categories = {}, content, {}
    annotated = isinstance(content, dict)
    left_out = Counter() if left_out is None else left_out
    if annotated:
        names = {image["id"]: image["file_name"] for image in content.get("images", [])}
        detections = content["annotations"]
        categories = {each["id"]: each for each in content.get("categories") or []}
    wanted = _choose_categories(categories, category)
    for detection in detections:
        number = detection.get("category_id", PERSON_CATEGORY)
        if number not in wanted:
            name = categories.get(number, {}).get("name", number)
            left_out[f"of category {name}"] += 1
        elif is_crowd(detection):
            left_out["of crowds"] += 1
        elif annotated and parse_box(detection.get("bbox")) is None:
            left_out["empty"] += 1
        else:
            score = [detection["score"]] if "score" in detection else []
            image = detection["image_id"]
            yield names.get(image, image), None, [*detection["bbox"], *score]


def _choose_categories(categories, category):
    """Returns the numbers of the categories whose boxes are read."""
    if category is None:
        people = {i for i, each in categories.items() if each["name"] == PERSON}
        posed = {i for i, each in categories.items() if each.get("keypoints")}
        return people or posed or {PERSON_CATEGORY}
    named = {i for i, each in categories.items() if each["name"] == category}
    if not named and not category.isdecimal():
        known = [each["name"] for each in categories.values()]
        raise ValueError(
            "`category` must be a name that the file lists, or a number. "
            f"{suggest(category, known)} Received: category={category!r}"
        )
    return named or {int(category)}


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


def read_boxes(path, category: str | None = None) -> Boxes:
    """Reads the boxes that a file lists, compressed (`.gz`) or not.

    A `.csv` file has the columns image, x, y, width, height, and optionally frame and
    score. JSON, or JSON lines, is the output of `hourglass-keras predict`; one object
    with `[[x, y, width, height], ...]` under each image's name; or COCO's list of
    detections or annotation file, of which only people count, or, where a file has no
    category "person", those of categories with keypoints. Boxes that are left out are
    counted in the log.

    Args:
        path: Of the file.
        category: Name or number of the category to read, of COCO's files alone.

    Raises:
        OSError: If there is no such file.
        DatasetError: If it is none of these; names the first wrong entry.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`boxes` must be a file. Received: boxes={str(path)!r}"
        )
    text, entries, left_out = read_text(path), [], Counter()
    try:
        for name, frame, row in _parse(path, text, category, left_out):
            entries.append((name, frame, validate_boxes(row, scored=True)))
    except DatasetError:
        raise
    except PARSE_ERRORS as error:
        after = f", after {plural(len(entries), 'person', 'people')}" if entries else ""
        reason = describe_parse_error(error)
        raise DatasetError(f"{path} lists no usable boxes{after}: {reason}") from None
    for reason, count in left_out.items():
        number = plural(count, f"box of {path} is", f"boxes of {path} are")
        logger.info("%s left out: %s", number, reason)
    return Boxes(entries)


def _parse(path, text, category, left_out):
    is_table = suffix_of(path, compressed=True) == ".csv"
    content = None if is_table else _load_json(path, text)
    if isinstance(content, dict | list) and is_coco(content):
        return parse_coco(content, category, left_out)
    if category is not None:
        raise ValueError(f"`category` goes with COCO's files. Received: {category=}")
    return parse_table(text) if is_table else parse_json(content)


def _load_json(path, text):
    """Parses JSON; of JSON lines, gives the list."""
    try:
        return files.parse_json(path, text)
    except DatasetError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            pass
        raise
