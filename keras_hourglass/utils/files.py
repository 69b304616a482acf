"""Files: their suffixes, atomic writes, and errors that name the path and the cause."""

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

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


def suffix_of(path, compressed: bool = False) -> str:
    """Returns the suffix that says of which kind a file is, in lowercase.

    Args:
        path: Of the file.
        compressed: Of a compressed file, `people.csv.gz`, gives that of its content.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    return suffix_of(path.stem) if compressed and suffix == ".gz" else suffix


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
            _require_regular(path)
            yield temporary
            if durable:
                _flush(temporary)
            os.replace(temporary, path)
            if durable and os.name == "posix":  # elsewhere, folders cannot be opened
                _flush(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def publish_files(path: Path, write) -> list[Path]:
    """Writes a file, and those that belong to it, as a draft first.

    They are moved into place once `write` has returned: if it fails, or the process
    is killed before that, the old files stay.

    Args:
        path: The file.
        write: Called with the path of the draft, which has the name of the file.

    Returns:
        All files that were written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        name_write_errors(path),
        TemporaryDirectory(prefix=TEMPORARY_MARK, dir=path.parent) as folder,
    ):
        draft = Path(folder, path.name)
        write(draft)
        files = [file for file in Path(folder).rglob("*") if file.is_file()]
        others = [file for file in files if file != draft]
        if others:
            path.unlink(missing_ok=True)  # never the old one with new weights
        moves = [
            (file, path.parent / file.relative_to(folder)) for file in (*others, draft)
        ]
        for file, final in moves:
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, final)
    return [final for _, final in moves]


def _require_regular(path):
    """Checks that a path is no device, pipe or socket, which a file would replace."""
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise OSError(errno.EINVAL, "is a device or a pipe, not a file", str(path))


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
    _require_regular(path)
    probe = _temporary_path(parent / inner.name, f"{TEMPORARY_MARK}-check")
    try:
        with name_write_errors(path, probe):
            probe.write_bytes(b"\0")
    except FileNotFoundError as error:  # in a folder that exists: /proc, say
        cause = f"no file or folder can be made in {parent}"
        raise OSError(error.errno, cause, str(path)) from error
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
