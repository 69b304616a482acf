"""Utilities: suggested names, tables, atomic file writes, silenced output."""

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile

NUMBER_STARTS = {*"0123456789+-.\N{EN DASH}"}
TEMPORARY_MARK = ".partial"  # in the names of files that are being written


def suggest(given, choices) -> str:
    """Suggests the closest of several names for an error message, or lists them all."""
    close = get_close_matches(str(given), choices, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose from {[*choices]}."


def format_table(columns, rows) -> str:
    """Formats rows of cells in columns that are as wide as their longest cell.

    Args:
        columns: Titles. Columns of numbers are aligned right, others left.
        rows: Sequences of cells: text, or numbers that are formatted already.

    Returns:
        Lines without color, however wide they are.
    """
    from io import StringIO

    from rich.console import Console  # not needed at import: it takes time
    from rich.table import Table

    rows = [[str(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, title in enumerate(columns):
        numeric = all(row[index][:1] in NUMBER_STARTS for row in rows if row[index])
        table.add_column(title, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # Names are text, not markup: "[bold]" and ":wrist:" are printed as they are.
    plain = {"markup": False, "emoji": False, "highlight": False, "color_system": None}
    console = Console(file=StringIO(), width=10_000, **plain)
    console.print(table)
    return "\n".join(map(str.rstrip, console.file.getvalue().splitlines()))


@contextmanager
def atomic_write(path, durable: bool = False):
    """Yields a temporary path, which replaces `path` if the block succeeds.

    If the process is killed or the disk is full, the old file stays. The temporary
    file lies in the same folder and has the same ending, as many writers choose the
    format by it.

    Args:
        path: The file to write.
        durable: Whether to wait for the disk, so that this also holds if the machine
            loses power.
    """
    path = Path(path)
    name = f".{path.stem}.{os.getpid()}{TEMPORARY_MARK}{path.suffix}"
    temporary = path.with_name(name)
    try:
        yield temporary
        if durable:
            _flush(temporary)
        os.replace(temporary, path)
        if durable and os.name == "posix":  # elsewhere, folders cannot be opened
            _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def is_temporary(path) -> bool:
    """Returns whether a file was left by a process killed within `atomic_write`."""
    path = Path(path)
    return path.name.startswith(".") and TEMPORARY_MARK in path.name


def _flush(path):
    """Waits until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Interrupted(Exception):
    """Raised on a graceful stop; the message says how to resume."""


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


STOP_SIGNALS = signal.SIGINT, signal.SIGTERM  # clusters end a job by the second
STOP_MESSAGE = b"\nStopping after this step or validation. Ctrl-C again: at once.\n"


class GracefulInterrupt:
    """Notes a signal to stop while it lasts. A second one raises KeyboardInterrupt.

    Signals reach the main thread alone: in others, nothing changes.

    Args:
        signals: Signals to note.
        message: Bytes to write to the standard error at the first one.

    Attributes:
        requested: If there was one.
    """

    def __init__(self, signals=STOP_SIGNALS, message: bytes = STOP_MESSAGE):
        self.signals, self.message = signals, message
        self.requested, self._before = False, {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._note) for s in self.signals}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        os.write(2, self.message)  # the signal may have interrupted a `print`
