"""What to say to someone who named something that there is not.

Writing a file whole or not at all: beside, then renamed.

What becomes of Ctrl-C where work is kept.
"""

import os
import sys
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile


def suggest(given, choices) -> str:
    """A guess at which of the names was meant; all of them, where none is close."""
    close = get_close_matches(str(given), choices, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose from {[*choices]}."


TEMPORARY_MARK = ".partial"


@contextmanager
def atomic_write(path, durable: bool = False):
    """Gives a path to write to, which takes the place of `path` if all went well.

    A stop or a full disk at any moment leaves the old file or the new one. The name
    keeps its ending, which tells many writers what to write.

    Args:
        path: What to replace.
        durable: Whether that must also hold when the machine loses its power: waits
            for the disk.
    """
    path = Path(path)
    beside = path.with_name(f".{path.stem}.{os.getpid()}{TEMPORARY_MARK}{path.suffix}")
    try:
        yield beside
        if durable:
            _flush(beside)
        os.replace(beside, path)
        if durable and os.name == "posix":  # elsewhere, folders cannot be opened
            _flush(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def is_temporary(path) -> bool:
    """Whether a file is what a killed process left of one that it was writing."""
    return path.name.startswith(".") and TEMPORARY_MARK in path.name


def _flush(path):
    """Waits until the disk has all of a file, or of a folder's names."""
    opened = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class Interrupted(Exception):
    """Work was stopped by hand. All is kept; the message says how to go on."""


@contextmanager
def silence(*descriptors: int, show_on_error: bool = False):
    """Discards what is written to file descriptors, by this process and by libraries.

    TensorFlow and converters write there past `sys.stdout` and `sys.stderr`.

    Args:
        descriptors: 1 for the standard output, 2 for the standard error. One that is
            closed is left alone.
        show_on_error: Whether all of it is written after all, to the last descriptor,
            if an exception is raised.
    """
    kept = {}
    with TemporaryFile() as discarded:
        try:
            _flush_streams()
            for number in descriptors:
                with suppress(OSError):  # closed by the caller
                    kept[number] = os.dup(number)
                    os.dup2(discarded.fileno(), number)
            yield
        except BaseException:
            if show_on_error and kept:
                _flush_streams()
                discarded.seek(0)
                os.write([*kept.values()][-1], discarded.read())
            raise
        finally:
            _flush_streams()
            for number, original in kept.items():
                os.dup2(original, number)
                os.close(original)


def _flush_streams():
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
