"""Utilities: suggested names, numbers in words, tables, silenced output, signals."""

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from tempfile import TemporaryFile

NUMBER_STARTS = {*"0123456789+-.\N{EN DASH}"}
_SILENCE_LOCK = threading.RLock()  # the descriptors are those of all threads


def first_line(error: Exception, quoted: bool = False) -> str:
    """Returns the first line of an error's message; its type if there is none.

    Args:
        error: The error.
        quoted: Removes quotes around the message, which `KeyError` has.
    """
    lines = str(error).strip("'\" \n" if quoted else None).splitlines()
    return lines[0] if lines else type(error).__name__


def suggest(given, choices) -> str:
    """Suggests the closest of several names for an error message, or lists them all."""
    close = get_close_matches(str(given), choices, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose from {[*choices]}."


def plural(number: int, one: str, many: str) -> str:
    """Returns a number and the words for it: "1 image is", "1,200 images are"."""
    return f"{number:,} {one if number == 1 else many}"


def left_out(count: int) -> str:
    """Says how many images were left out as they could not be read."""
    were = "image could not be read and was", "images could not be read and were"
    return f"{plural(count, *were)} left out"


def make_dataframe(rows, columns=None):
    """Makes a `pandas.DataFrame`, for methods of that name.

    Raises:
        ImportError: If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "`to_dataframe` requires pandas: pip install '.[pandas]'"
        ) from error
    return pandas.DataFrame(rows, columns=columns)


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


class Interrupted(Exception):
    """Raised on a graceful stop; the message says how to resume."""


@contextmanager
def silence(*descriptors: int, show_on_error: bool = False):
    """Discards what is written to file descriptors, by this process and by libraries.

    TensorFlow and converters write there past `sys.stdout` and `sys.stderr`. One thread
    does at a time: another would keep, and later restore, what the first has set.

    Args:
        descriptors: 1 for the standard output, 2 for the standard error. One that is
            closed is left alone.
        show_on_error: Whether all of it is written after all, to the last descriptor,
            if an exception is raised, other than that of Ctrl-C.
    """
    kept = {}
    with _SILENCE_LOCK, TemporaryFile() as discarded:
        try:
            _flush_streams()
            for number in descriptors:
                with suppress(OSError):  # closed by the caller
                    kept[number] = os.dup(number)
                    os.dup2(discarded.fileno(), number)
            yield
        except Exception:
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
            with suppress(OSError):  # of a full disk: raised where it is written to
                stream.flush()


@contextmanager
def interrupts_blocked():
    """Holds Ctrl-C back from this thread, and for good from processes that it starts.

    On Windows, nothing is held back.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
