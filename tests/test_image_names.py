"""Paths of images that fit names in files."""

import pytest

from keras_hourglass.data.readers.image_names import ImageNames


def test_the_longest_name_that_ends_a_path_counts(monkeypatch, tmp_path):
    names = ImageNames()
    for name in ("1.jpg", "a/1.jpg", "b/a/1.jpg", "c/2.jpg", "d/2.jpg"):
        names.add(name, name)
    assert names.find("/photos/a/1.jpg") == ["a/1.jpg"]
    assert names.find("/photos/b/a/1.jpg") == ["b/a/1.jpg"]
    assert names.find("/photos/1.jpg") == ["1.jpg"]
    assert names.find("/photos/d/2.jpg") == ["d/2.jpg"]
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert names.find("1.jpg") == ["a/1.jpg"]


def test_a_typed_path_fits_longer_names():
    names = ImageNames()
    for name in ("train/1.jpg", "train/2.jpg", "val/2.jpg"):
        names.add(name, name)
    assert names.find("1.jpg") == ["train/1.jpg"]
    assert names.find("val/2.jpg") == ["val/2.jpg"]
    assert sorted(names.find("2.jpg")) == ["train/2.jpg", "val/2.jpg"]
    assert names.find("rain/1.jpg") == names.find("3.jpg") == []


@pytest.mark.parametrize("name", [r"a\b\1.jpg", "./a//b/1.jpg", "a/b/1.jpg"])
def test_names_of_other_systems(name):
    names = ImageNames()
    names.add(name, 1)
    names.add(name, 2)
    assert names.find("/photos/a/b/1.jpg") == names.find(r"b\1.jpg") == [1, 2]
