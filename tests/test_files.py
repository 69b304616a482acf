"""Files: written whole or not at all, and the errors of the disk."""

import errno
import os
from pathlib import Path

import pytest

from keras_hourglass.utils.files import (
    CAUSES,
    atomic_write,
    describe_os_error,
    is_temporary,
    require_space,
    require_writable,
    suffix_of,
)


def test_capitals_of_a_suffix_are_of_the_same_kind():
    assert suffix_of("a/B.Tflite") == suffix_of(Path("x.tflite")) == ".tflite"
    assert suffix_of("people.CSV.GZ") == ".gz" and suffix_of("people") == ""
    assert suffix_of("people.CSV.GZ", compressed=True) == ".csv"
    assert suffix_of("people.json", compressed=True) == ".json"


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with atomic_write(path) as temporary:
        assert temporary.suffix == ".keras" and path.read_text() == "old"
        temporary.write_text("new")
    assert path.read_text() == "new" and [*tmp_path.iterdir()] == [path]


def test_a_failure_while_writing_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with pytest.raises(OSError, match="disk"), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise OSError("no space left on the disk")
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]


def test_a_temporary_file_is_recognized(tmp_path):
    with atomic_write(tmp_path / "model.keras", durable=True) as temporary:
        assert is_temporary(temporary) and is_temporary(str(temporary))
        temporary.write_text("new")
    assert not is_temporary(tmp_path / "model.keras")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("of", ["Python", "a library"])
def test_an_error_of_the_disk_names_the_file_that_is_written(number, of, tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    text = os.strerror(number)
    error = OSError(number, text) if of == "Python" else RuntimeError(f"HDF5: {text}!")
    with pytest.raises(OSError) as raised, atomic_write(path):
        raise error
    assert describe_os_error(raised.value) == f"{path}: {CAUSES[number]}"
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with (
        pytest.raises(FileNotFoundError) as raised,
        atomic_write(tmp_path / "written.csv") as temporary,
    ):
        temporary.write_text("read: ")
        (tmp_path / "read.csv").read_text()
    assert describe_os_error(raised.value) == (
        f"{tmp_path / 'read.csv'}: there is no such file or folder"
    )


def test_a_disk_that_fills_up_is_named(tmp_path, small_disk):
    path = tmp_path / "large.bin"
    with (
        small_disk(1000),
        pytest.raises(OSError) as raised,
        atomic_write(path) as temporary,
    ):
        temporary.write_bytes(bytes(2000))
    assert describe_os_error(raised.value).startswith(f"{path}: the file is larger")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "name, folder, says",
    [
        ("file", True, "{path}: is a file, not a folder"),
        ("folder", False, "{path}: is a folder"),
        ("file/inner.csv", False, "{path}: {file} is a file, not a folder"),
        ("file/inner/deep", True, "{path}: {file} is a file, not a folder"),
        ("n" * 256, False, "{path}: the name is too long"),
    ],
)
def test_a_path_that_cannot_be_written_is_known_before(name, folder, says, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    path = tmp_path / name
    with pytest.raises(OSError) as raised:
        require_writable(path, folder)
    expected = says.format(path=path, file=tmp_path / "file")
    assert describe_os_error(raised.value) == expected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    for write in (require_writable, lambda path: atomic_write(path).__enter__()):
        with pytest.raises(OSError) as raised:
            write(path)
        says = f"{path}: is a device or a pipe, not a file"
        assert describe_os_error(raised.value) == says
    assert path.is_fifo() and [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux")
def test_a_folder_that_takes_no_files_is_known_before():
    for path, folder in (("/proc/x.csv", False), ("/proc/x/y", True)):
        with pytest.raises(FileNotFoundError) as raised:
            require_writable(path, folder)
        says = f"{path}: no file or folder can be made in /proc"
        assert describe_os_error(raised.value) == says


def test_the_check_of_a_path_leaves_nothing_behind(tmp_path):
    (tmp_path / "old.csv").write_text("old")
    with atomic_write(tmp_path / "old.csv") as temporary:
        temporary.write_text("new")
        require_writable(tmp_path / "old.csv")
    require_writable(tmp_path / "new/new.csv")
    require_writable(tmp_path / "new/newer", folder=True)
    require_writable(tmp_path, folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "new"


def test_a_disk_without_space_says_how_much_is_needed(tmp_path):
    require_space(tmp_path, 1)
    with pytest.raises(OSError) as raised:
        require_space(tmp_path, 10**18)
    text = describe_os_error(raised.value)
    assert text.startswith(f"{tmp_path}: no space left: 1,000,000,000,000.0 MB are")
