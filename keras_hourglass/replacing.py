"""Writing a file whole or not at all: beside, then renamed."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Gives a path to write to, which takes the place of `path` if all went well.

    A stop or a full disk at any moment leaves the old file or the new one. The name
    keeps its ending, which tells many writers what to write.
    """
    path = Path(path)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
