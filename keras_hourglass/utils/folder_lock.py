"""Locks of folders: one process at a time writes to a run or a prepared dataset.

The operating system holds the lock for as long as the process lives, so that a kill
leaves none behind. The file itself only says whose it is.
"""

import errno
import logging
import os
import platform
import weakref
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

logger = logging.getLogger(__name__)

LOCK_FILE = ".lock"
TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
# Windows keeps others from reading what is locked: a byte behind the text.
LOCKED_BYTE = 1 << 20


class FolderInUseError(RuntimeError):
    """Raised for a folder that another process, or another thread, is writing to."""


class FolderLock:
    """Keeps other processes and threads from writing to a folder.

    The folder is made if it does not exist; if nothing is written to it, it goes with
    the lock. On file systems without locks, there is none.

    Args:
        folder: The folder.

    Raises:
        FolderInUseError: On entering, if the folder is in use.

    Example:

    ```python
    with FolderLock("runs/mine"):
        ...
    ```
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / LOCK_FILE
        self._descriptor, self._made = None, []

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *_):
        self.release()

    def acquire(self):
        """Takes the lock.

        Raises:
            FolderInUseError: If another has it; names the process.
        """
        above = (self.folder, *self.folder.parents)
        self._made = [path for path in above if not path.exists()]
        try:
            while self._descriptor is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._descriptor = self._open()
        except OSError as error:  # read-only, or no folder: writing to it will say so
            logger.debug("No lock in %s: %s", self.folder, error)
            return
        _held.add(self)
        text = f"{os.getpid()} {platform.node()}\n".encode()
        with suppress(OSError):  # a full disk
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, text)

    def release(self):
        """Gives the lock back, and removes its file and folders that are still empty.

        Without a lock, does nothing.
        """
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(self)
        # Removed while it is locked, so that it is not another's. On Windows, an open
        # file cannot be removed.
        if fcntl is None:
            os.close(descriptor)
        with suppress(OSError):  # the folder may have been removed meanwhile
            self.path.unlink()
        if fcntl is not None:
            os.close(descriptor)
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def close_in_child(self):
        """Closes a forked process's copy, by which the lock would outlive its owner."""
        with suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = None

    def _open(self) -> int | None:
        """Opens and locks the file; None if its last owner removed it meanwhile."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:  # another user's: to ask for the lock, reading will do
            descriptor = os.open(self.path, os.O_RDONLY)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in TAKEN:
                os.close(descriptor)
                raise FolderInUseError(self._describe_owner()) from None
            logger.debug("The file system of %s has no locks: %s", self.folder, error)
        if fcntl is not None and not _is_same_file(descriptor, self.path):
            os.close(descriptor)
            return None
        return descriptor

    def _describe_owner(self):
        try:
            process, host = self.path.read_text(encoding="utf-8").split()
        except (OSError, ValueError):  # it has just begun, or ended
            return f"{self.folder} is in use by another process"
        return f"{self.folder} is in use by process {process} on {host}"


def _lock(descriptor):
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _is_same_file(descriptor, path):
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _close_in_child():
    for lock in [*_held]:
        lock.close_in_child()
    _held.clear()


_held = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
