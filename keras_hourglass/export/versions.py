"""Folders of versions as TensorFlow Serving reads them: DIR/1, DIR/2, ..."""

import os
import shutil
from itertools import count
from pathlib import Path

from keras_hourglass.replacing import MARK


def publish(directory, write) -> Path:
    """Writes a new version beside the others, and only then gives it its number.

    A server that watches the directory never sees half of one.

    Args:
        directory: Of all versions; made if it is not there.
        write: Is called with the path of a folder to make.

    Returns:
        The folder of the version: the next integer above all that are there.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    beside = directory / f".version.{os.getpid()}{MARK}"
    try:
        write(beside)
        for number in count(latest(directory) + 1):
            try:
                os.rename(beside, directory / str(number))
                return directory / str(number)
            except OSError:  # another process was quicker
                if not (directory / str(number)).exists():
                    raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def latest(directory) -> int:
    """The highest number of a version, 0 where there is none."""
    names = (path.name for path in Path(directory).iterdir())
    return max((int(name) for name in names if name.isdecimal()), default=0)
