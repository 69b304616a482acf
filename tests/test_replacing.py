import pytest

from keras_hourglass.utils import atomic_write


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with atomic_write(path) as beside:
        assert beside.suffix == ".keras" and path.read_text() == "old"
        beside.write_text("new")
    assert path.read_text() == "new" and [*tmp_path.iterdir()] == [path]


def test_a_failure_while_writing_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with pytest.raises(OSError, match="disk"), atomic_write(path) as beside:
        beside.write_text("half")
        raise OSError("no space left on the disk")
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]
