"""The kinds of data that joints are written as, and the files that hold them."""

import sys
from contextlib import contextmanager
from pathlib import Path

from keras_hourglass.outputs import coco, lines, table
from keras_hourglass.replacing import replacing

# Each gives, for an open file, the skeleton, and whether there are frames of videos, a
# function that takes what was `Seen` and the path that it was drawn to, if it was.
FORMATS = {"json": lines.writing, "csv": table.writing, "coco": coco.writing}
ENDINGS = {".jsonl": "json", ".csv": "csv", ".json": "coco"}


@contextmanager
def opened(path: Path | None, kind: str, skeleton, frames: bool):
    """Gives a function that writes what was `Seen` and its drawing's path, or None.

    A file takes its name when all is written; a stop before leaves none, or the old.

    Args:
        path: Of the file; None is the standard output, which has everything at once.
        kind: One of `FORMATS`.
        skeleton: Of the network.
        frames: Whether there are frames of videos, and not pictures alone.
    """
    if path is None:
        with FORMATS[kind](sys.stdout, skeleton, frames) as write:
            yield write
        return
    with replacing(path) as beside:
        with open(beside, "w", encoding="utf-8", newline="") as file:
            with FORMATS[kind](file, skeleton, frames) as write:
                yield write
