import json

import pytest

from keras_hourglass.data.prepare.journal import Journal
from keras_hourglass.data.readers.files import DatasetError

SETTINGS = {"size": 64, "people": 3}


def keep(journal, *numbers):
    for number in numbers:
        (journal.images / f"{number}.jpg").write_text("an image")
        journal.add({"image": f"{number}.jpg", "number": number})


def test_added_entries_are_there_after_a_kill(tmp_path):
    journal = Journal(tmp_path / "new", SETTINGS)
    keep(journal, 2, 0)  # and nothing is closed, as after a kill
    again = Journal(tmp_path / "new", SETTINGS)
    assert sorted(again.entries) == ["0.jpg", "2.jpg"]
    keep(again, 1)
    again.finish(["neck"])
    whole = json.loads((tmp_path / "new" / "annotations.json").read_text())
    assert whole["joint_names"] == ["neck"] and whole["prepared"] == SETTINGS
    assert [person["number"] for person in whole["people"]] == [0, 1, 2]
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "annotations.json",
        "images",
    }


def test_a_line_that_was_cut_off_is_done_again(tmp_path):
    journal = Journal(tmp_path, SETTINGS)
    keep(journal, 0, 1)
    journal.close()
    path = tmp_path / "unfinished.jsonl"
    path.write_text(path.read_text()[:-5])
    again = Journal(tmp_path, SETTINGS)
    assert [*again.entries] == ["0.jpg"]
    keep(again, 1)
    assert sorted(Journal(tmp_path, SETTINGS).entries) == ["0.jpg", "1.jpg"]


@pytest.mark.parametrize("finished", [True, False])
def test_a_person_whose_image_is_gone_or_empty_is_done_again(tmp_path, finished):
    journal = Journal(tmp_path, SETTINGS)
    keep(journal, 0, 1, 2)
    if finished:
        journal.finish(["neck"])
    (journal.images / "1.jpg").unlink()
    (journal.images / "2.jpg").write_text("")
    again = Journal(tmp_path, SETTINGS)
    assert [*again.entries] == ["0.jpg"]
    keep(again, 1, 2)
    again.finish(["neck"])
    assert len(json.loads((tmp_path / "annotations.json").read_text())["people"]) == 3


def test_temporary_files_of_a_killed_run_are_removed(tmp_path):
    journal = Journal(tmp_path, SETTINGS)
    partial = journal.images / ".7.123.partial.jpg"
    partial.write_text("half")
    Journal(tmp_path, SETTINGS)
    assert not partial.exists()


def test_a_finished_folder_is_not_touched(tmp_path):
    journal = Journal(tmp_path, SETTINGS)
    keep(journal, 0)
    journal.finish(["neck"])
    before = (tmp_path / "annotations.json").stat().st_mtime_ns
    again = Journal(tmp_path, SETTINGS)
    again.finish(["neck"])
    assert (tmp_path / "annotations.json").stat().st_mtime_ns == before
    assert not (tmp_path / "unfinished.jsonl").exists()


@pytest.mark.parametrize("finished", [True, False])
def test_other_people_or_another_way_are_refused(tmp_path, finished):
    journal = Journal(tmp_path, SETTINGS)
    keep(journal, 0)
    if finished:
        journal.finish(["neck"])
    with pytest.raises(DatasetError, match="differ: size: 64, now 96$"):
        Journal(tmp_path, {**SETTINGS, "size": 96})


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="must be a new folder"):
        Journal(tmp_path, SETTINGS)
    with pytest.raises(DatasetError, match="must be a new folder"):
        Journal(tmp_path / "thesis.txt", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("text", ['{"joint_names": [], "people": []}', "[]"])
def test_a_prepared_folder_from_elsewhere_is_refused(tmp_path, text):
    (tmp_path / "annotations.json").write_text(text)
    with pytest.raises(DatasetError, match="annotations.json was not"):
        Journal(tmp_path, SETTINGS)
    assert (tmp_path / "annotations.json").read_text() == text


def test_a_list_that_is_damaged_is_named(tmp_path):
    (tmp_path / "unfinished.jsonl").write_text("{}\nno entry\n")
    with pytest.raises(DatasetError, match="unfinished.jsonl is damaged"):
        Journal(tmp_path, {})
