"""Utilities: suggested names, tables, atomic file writes, silenced output."""

import errno
import os
import shutil
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile

NUMBER_STARTS = {*"0123456789+-.\N{EN DASH}"}
TEMPORARY_MARK = ".partial"  # in the names of files that are being written

CAUSES = {  # error number -> the cause in words, after the path
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "the quota of disk space is used up",
    errno.EFBIG: "the file is larger than the system allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EISDIR: "is a folder",
    errno.EEXIST: "is a file, not a folder",
    errno.ENOTDIR: "lies under a file",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "there is no such file or folder",
    errno.EIO: "the disk reports an error",
    errno.EMFILE: "too many files are open",
}
# The system's own words for them, by which libraries' errors tell the cause. Those of
# `EEXIST` and the like are no sign of a disk: they are too common.
DISK_ERRORS = {
    os.strerror(number): number
    for number in (
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES),
        *(errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR),
    )
}


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

    Raises:
        OSError: If it cannot be written; its `filename` is `path`.
    """
    path, temporary = Path(path), _temporary_path(path)
    try:
        with name_write_errors(path, temporary):
            yield temporary
            if durable:
                _flush(temporary)
            os.replace(temporary, path)
            if durable and os.name == "posix":  # elsewhere, folders cannot be opened
                _flush(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary_path(path, mark=TEMPORARY_MARK) -> Path:
    path = Path(path)
    name = f".{path.stem}.{os.getpid()}{mark}{path.suffix}"
    return path.with_name(name)


@contextmanager
def name_write_errors(path, temporary=None):
    """Names the file or folder that is written in the errors of the block.

    Errors of the operating system do not say which file a `write` failed for, and
    libraries raise errors of other types, with the system's words in their text.

    Args:
        path: Of the file or folder.
        temporary: Path that is written in its place.

    Raises:
        OSError: For an error of the disk; its `filename` is `path`.
    """
    written = {str(each) for each in (path, temporary) if each is not None}
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None and error.errno is not None
        if unnamed or str(error.filename) in written:
            error.filename = str(path)
            if error.filename2 is not None:
                del error.filename2
        elif error.errno is None and (named := _disk_error(error, path)):
            raise named from error
        raise
    except Exception as error:
        if named := _disk_error(error, path):
            raise named from error
        raise


def _disk_error(error, path) -> OSError | None:
    """Returns the `OSError` that an error of a library stands for, if it does."""
    if getattr(error, "filename", None) is not None:
        return None
    text = str(error)
    number = next((n for words, n in DISK_ERRORS.items() if words in text), None)
    return None if number is None else OSError(number, os.strerror(number), str(path))


def describe_os_error(error: OSError) -> str:
    """Describes an error of the operating system: the path, and the cause in words."""
    if error.errno is None or error.strerror is None:
        return str(error)
    cause = error.strerror
    if cause == os.strerror(error.errno):
        cause = CAUSES.get(error.errno, cause.lower())
    if error.filename is None:
        return cause
    path = os.fsdecode(error.filename)
    if error.errno == errno.ENOTDIR:
        files = [str(each) for each in Path(path).parents if each.is_file()]
        cause = f"{files[0]} is a file, not a folder" if files else "is not a folder"
    return f"{path}: {cause}"


def require_writable(path, folder: bool = False):
    """Checks that a file or folder can be written, before work that takes long.

    Nothing is made or changed: a small file is written beside it, and deleted.

    Args:
        path: Of the file, or of the folder.
        folder: Whether `path` is a folder, into which files are written.

    Raises:
        OSError: If it cannot; its `filename` is `path`.
    """
    path = Path(path)
    inner = path / "probe" if folder else path
    parent = next(each for each in inner.parents if each.exists())
    number = None
    if not folder and path.is_dir():
        number = errno.EISDIR
    elif not parent.is_dir():
        number = errno.EEXIST if folder and parent == path else errno.ENOTDIR
    if number is not None:
        raise OSError(number, os.strerror(number), str(path))
    probe = _temporary_path(parent / inner.name, f"{TEMPORARY_MARK}-check")
    try:
        with name_write_errors(path, probe):
            probe.write_bytes(b"\0")
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def require_space(folder, size: int):
    """Checks that files of a size can be written to a folder.

    Args:
        folder: That exists.
        size: Bytes.

    Raises:
        OSError: If the disk has less left.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        sizes = f"{size / 1e6:,.1f} MB are needed, {free / 1e6:,.1f} MB are free"
        raise OSError(errno.ENOSPC, f"no space left: {sizes}", str(folder))


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
            with suppress(OSError):  # of a full disk: raised where it is written to
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
