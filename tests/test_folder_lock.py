"""Locks of folders, between real processes, threads and forks."""

import errno
import os
import platform
import signal
import subprocess
import sys
import threading

import pytest

from keras_hourglass import load_dataset
from keras_hourglass.data.prepare import prepare
from keras_hourglass.utils import folder_lock
from keras_hourglass.utils.folder_lock import LOCK_FILE, FolderInUseError, FolderLock

HOLD = """
import sys, time
from keras_hourglass.utils.folder_lock import FolderLock
with FolderLock(sys.argv[1]):
    exec(sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
"""


def held_elsewhere(folder, also="pass"):
    """A process that holds the lock of a folder until its standard input ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder, also], **pipes)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_is_refused_with_the_process_that_has_it(tmp_path):
    other = held_elsewhere(tmp_path)
    said = f"{tmp_path} is in use by process {other.pid} on {platform.node()}$"
    with pytest.raises(FolderInUseError, match=said):
        FolderLock(tmp_path).acquire()
    assert (tmp_path / LOCK_FILE).read_text().split()[0] == str(other.pid)
    other.communicate("")
    assert not (tmp_path / LOCK_FILE).exists()
    with FolderLock(tmp_path):
        pass


def test_a_kill_leaves_no_lock_even_with_children(tmp_path):
    also = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path, also], **pipes)
    child = int(other.stdout.readline())
    other.send_signal(signal.SIGKILL)
    other.wait()
    os.kill(child, 0)  # still there
    assert (tmp_path / LOCK_FILE).is_file()
    with FolderLock(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text().split()[0] == str(os.getpid())
    os.kill(child, signal.SIGKILL)
    other.stdin.close()
    other.stdout.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_does_not_keep_the_lock_of_a_killed_process(tmp_path):
    # The worker says its number itself: it runs, and has let go of the lock.
    also = "import os\nif not os.fork(): print(os.getpid(), flush=True)\n"
    also += "time.sleep(600)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path, also], **pipes)
    child = int(other.stdout.readline())
    with pytest.raises(FolderInUseError):
        FolderLock(tmp_path).acquire()
    other.send_signal(signal.SIGKILL)
    other.wait()
    os.kill(child, 0)
    with FolderLock(tmp_path):
        os.kill(child, signal.SIGKILL)
    other.stdin.close()
    other.stdout.close()


def test_a_thread_is_refused_and_the_next_in_turn_is_not(tmp_path):
    refused = []

    def try_it():
        with pytest.raises(FolderInUseError, match=f"process {os.getpid()} on "):
            FolderLock(tmp_path).acquire()
        refused.append(True)

    with FolderLock(tmp_path):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert refused
    with pytest.raises(KeyboardInterrupt), FolderLock(tmp_path):
        raise KeyboardInterrupt
    with FolderLock(tmp_path):
        pass


def test_folders_that_stay_empty_go_with_the_lock(tmp_path):
    with FolderLock(tmp_path / "runs" / "new"):
        assert (tmp_path / "runs" / "new").is_dir()
    assert not (tmp_path / "runs").exists()
    with FolderLock(tmp_path / "runs" / "new"):
        (tmp_path / "runs" / "new" / "file").write_text("kept")
    files = (tmp_path / "runs" / "new").iterdir()
    assert [path.name for path in files] == ["file"]


def test_a_lock_whose_folder_was_removed_meanwhile_leaves_no_open_file(tmp_path):
    with FolderLock(tmp_path / "run") as lock:
        descriptor = lock._descriptor
        lock.path.unlink()
        lock.folder.rmdir()
    with pytest.raises(OSError, match="[Bb]ad file descriptor"):
        os.fstat(descriptor)


def test_a_lock_whose_file_its_owner_removes_is_asked_for_anew(tmp_path, monkeypatch):
    """The owner ends between opening and locking: the lock would be of no file."""
    first, lock = FolderLock(tmp_path), folder_lock._lock
    first.acquire()

    def lock_late(descriptor):
        first.release()
        lock(descriptor)

    monkeypatch.setattr(folder_lock, "_lock", lock_late)
    with FolderLock(tmp_path):
        monkeypatch.undo()
        with pytest.raises(FolderInUseError):
            FolderLock(tmp_path).acquire()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_without_locks_of_the_file_system_work_goes_on(
    tmp_path, monkeypatch, caplog, number
):
    def refuse(descriptor):
        raise OSError(number, os.strerror(number))

    caplog.set_level("DEBUG", logger="keras_hourglass")
    monkeypatch.setattr(folder_lock, "_lock", refuse)
    with FolderLock(tmp_path), FolderLock(tmp_path):
        pass
    assert f"The file system of {tmp_path} has no locks" in caplog.text


def test_a_place_that_cannot_be_written_to_is_left_to_those_who_write(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with FolderLock(folder):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_dataset_is_prepared_by_one_process_at_a_time(tmp_path):
    people = load_dataset("synthetic:3")[:3]
    other = held_elsewhere(tmp_path / "crops")
    with pytest.raises(FolderInUseError, match=f"process {other.pid} on"):
        prepare(people, tmp_path / "crops")
    other.communicate("")
    prepare(people, tmp_path / "crops")
    files = {path.name for path in (tmp_path / "crops").iterdir()}
    assert files == {"annotations.json", "images"}
