"""Small helpers that several rooms share."""

import os

import pytest

from keras_hourglass.utils import atomic_write, is_temporary, silence, suggest


def test_silence_discards_what_is_written_past_python(capfd):
    with silence(2, show_on_error=True):
        os.write(2, b"no cuda\n")
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_silence_shows_all_of_it_where_the_block_raises(capfd):
    with pytest.raises(ImportError), silence(2, show_on_error=True):
        os.write(2, b"a library is missing\n")
        raise ImportError
    assert capfd.readouterr().err == "a library is missing\n"


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


def test_a_misspelled_name_suggests_the_closest_or_lists_all():
    assert suggest("gost", ["ghost", "residual"]) == "Did you mean 'ghost'?"
    assert suggest(7, ["ghost", "residual"]) == "Choose from ['ghost', 'residual']."
