"""Reading boxes from a file: JSON of three kinds, or a table."""

import json
from pathlib import Path

from keras_hourglass.boxes import coco, own
from keras_hourglass.boxes.found import Boxes, boxes
from keras_hourglass.data.reading.files import DatasetError, read_text

WRONG = (ValueError, KeyError, TypeError, AttributeError, IndexError)


def read(path) -> Boxes:
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
            entries.append((name, frame, boxes(row)))
    except DatasetError:
        raise
    except WRONG as error:
        after = f", after {len(entries):,} people" if entries else ""
        said = f"lacks {error}" if isinstance(error, KeyError) else error
        raise DatasetError(f"{path} lists no boxes{after}: {said}") from None
    return Boxes(entries)


def _entries(path, text):
    if ".csv" in path.suffixes:
        return own.of_table(text)
    listed = _parsed(path, text)
    if coco.is_coco(listed):
        return coco.entries(listed)
    return own.of_json(listed)


def _parsed(path, text):
    """What a JSON file says, or a list of what each of its lines says."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as whole:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise DatasetError(f"{path} is not readable as JSON: {whole}") from None
