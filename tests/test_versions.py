"""Folders of versions, beside others and under attack."""

import threading

import pytest

from keras_hourglass.export.serving import latest, publish


def fill(text):
    def write(folder):
        folder.mkdir()
        (folder / "model").write_text(text)

    return write


def test_each_version_is_the_next_integer_above_all_others(tmp_path):
    assert publish(tmp_path / "new", fill("a")).name == "1"
    for name in ("3", "0012", "x7", ".13"):
        (tmp_path / "new" / name).mkdir()
    assert publish(tmp_path / "new", fill("b")) == tmp_path / "new/13"
    assert (tmp_path / "new/1/model").read_text() == "a" and latest(tmp_path) == 0


def test_what_fails_leaves_nothing(tmp_path):
    def write(folder):
        fill("half")(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, write)
    assert list(tmp_path.iterdir()) == []


def test_another_that_was_quicker_is_not_overwritten(tmp_path):
    def write(folder):
        fill("mine")(folder)
        fill("its")(tmp_path / "1")

    assert publish(tmp_path, write) == tmp_path / "2"
    assert (tmp_path / "1/model").read_text() == "its"


def test_a_version_is_whole_as_soon_as_it_can_be_seen(tmp_path):
    seen, ended = [], threading.Event()

    def watch():
        while not ended.is_set():
            for path in tmp_path.iterdir():
                if path.name.isdecimal():
                    seen.append((path / "model").read_text())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        publish(tmp_path, fill("whole"))
    ended.set()
    watcher.join()
    assert latest(tmp_path) == 20 and set(seen) <= {"whole"}
