from pathlib import Path

import pytest

from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.image_finder import ImageFinder, image_finder
from keras_hourglass.data.readers.paths import list_files


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def find(root, name, *others, **kwargs):
    return ImageFinder([name, *others], [root], **kwargs).find(name)


NAMES = {
    "as it is": ("clips/a/1.jpg", "clips/a/1.jpg"),
    "in images": ("1.jpg", "images/1.jpg"),
    "with images": ("images/1.jpg", "images/1.jpg"),
    "in Images": ("1.jpg", "Images/1.jpg"),
    "in data, as FiftyOne": ("1.jpg", "data/1.jpg"),
    "backslashes": (r"images\a\1.jpg", "images/a/1.jpg"),
    "path of another machine": ("/home/me/project/images/a/1.jpg", "images/a/1.jpg"),
    "path of Windows": (r"C:\Users\me\1.jpg", "images/1.jpg"),
    "beside the folder": ("../../images/a/1.jpg", "images/a/1.jpg"),
    "file alone": ("some/where/1.jpg", "1.jpg"),
    "Label Studio, upload": ("/data/upload/3/0f1e2d3c-1.jpg", "images/0f1e2d3c-1.jpg"),
    "Label Studio, original": ("/data/upload/3/0f1e2d3c-1.jpg", "images/1.jpg"),
    "Label Studio, local": ("/data/local-files/?d=a%20b/1.jpg", "images/a b/1.jpg"),
    "quoted": ("/data/upload/3/a%20b.jpg", "a b.jpg"),
    "address": ("http://localhost:8080/data/upload/1.jpg?token=a", "images/1.jpg"),
    "bucket": ("s3://bucket/people/1.jpg", "people/1.jpg"),
    "a percent sign": ("50%25.jpg", "images/50%25.jpg"),
    "a question mark": ("why?.jpg", "images/why?.jpg"),
}


@pytest.mark.parametrize("name, path", NAMES.values(), ids=NAMES)
def test_names_of_all_kinds_are_found(tmp_path, name, path):
    touch(tmp_path / path)
    assert find(tmp_path, name) == str(tmp_path / path)


SUBSETS = {
    "COCO": ("val2017", "val2017/1.jpg"),
    "YOLO": ("val2017", "images/val/1.jpg"),
    "COCO-WholeBody": ("wholebody_val_v1", "val2017/1.jpg"),
    "another word": ("val2017", "images/Validation/1.jpg"),
    "another case": ("val", "images/VAL/1.jpg"),
    "capitals": ("Train", "images/TRAIN/1.jpg"),
    "CVAT": ("default", "images/default/1.jpg"),
    "its images": ("valid", "valid/images/1.jpg"),
    "FiftyOne": ("train", "data/train/1.jpg"),
    "any other name": ("clip 7", "images/clip 7/1.jpg"),
}


@pytest.mark.parametrize("subset, path", SUBSETS.values(), ids=SUBSETS)
def test_the_folder_of_a_subset_is_looked_in_first(tmp_path, subset, path):
    others = ("1.jpg", "images/1.jpg", "images/test/1.jpg", "images/val2014/1.jpg")
    touch(tmp_path / path, *(tmp_path / other for other in others))
    assert find(tmp_path, "1.jpg", subset=subset) == str(tmp_path / path)


def test_a_subset_without_digits_is_of_no_one_of_several_folders(tmp_path):
    touch(tmp_path / "val2014" / "1.jpg", tmp_path / "val2017" / "1.jpg")
    finder = ImageFinder(["1.jpg"], [tmp_path], "wholebody_val_v1")
    assert finder.search("1.jpg") is None


def test_an_end_that_two_names_share_is_not_looked_for(tmp_path):
    touch(tmp_path / "1.jpg", tmp_path / "b" / "2.jpg")
    finder = ImageFinder(["x/a/1.jpg", "x/b/1.jpg", "x/b/2.jpg"], [tmp_path])
    assert finder.find("x/a/1.jpg") == str(tmp_path / "x/a/1.jpg")
    assert finder.find("x/b/2.jpg") == str(tmp_path / "b/2.jpg")
    assert finder.missing == {"x/a/1.jpg"}


@pytest.mark.parametrize("name", ["../1.jpg", "/etc/1.jpg", "", "..", "a\0", 5, None])
def test_no_file_outside_of_the_folders_is_returned(tmp_path, name):
    root = tmp_path / "data"
    root.mkdir()
    touch(tmp_path / "1.jpg")
    with pytest.raises(DatasetError, match="outside|not a possible|must be a file"):
        find(root, name)


def test_folders_and_links_that_lead_nowhere_are_no_files(tmp_path):
    touch(tmp_path / "real.jpg")
    (tmp_path / "images" / "a.jpg").mkdir(parents=True)
    for name, target in (("b", "gone"), ("c", "c.jpg"), ("d", "real.jpg")):
        (tmp_path / f"{name}.jpg").symlink_to(tmp_path / target)
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "."]
    finder = image_finder(tmp_path / "x.json", tmp_path, names)
    found = [finder.find(name) for name in names]
    assert found[3] == str(tmp_path / "d.jpg")
    assert finder.missing == {*names} - {"d.jpg"}
    assert list_files(tmp_path) == {"real.jpg", "d.jpg"}


def test_what_is_nowhere_gets_a_path_and_a_note_of_the_folders(tmp_path):
    annotation = tmp_path / "annotations" / "val.json"
    finder = image_finder(annotation, tmp_path, ["1.jpg"], subset="val")
    assert Path(finder.find("1.jpg")) == tmp_path / "images" / "1.jpg"
    (note,) = finder.notes(annotation)
    assert f"1 images of {annotation} are in none of {tmp_path} (itself, val/" in note
    assert "images/val/" in note and "data/" in note


def test_a_folder_that_is_given_is_the_only_one(tmp_path):
    touch(tmp_path / "a" / "1.jpg", tmp_path / "b" / "deep" / "1.jpg")
    how = dict(path=tmp_path / "a" / "x.json", root=tmp_path / "a", names=["1.jpg"])
    assert image_finder(**how).find("1.jpg") == str(tmp_path / "a/1.jpg")
    given = image_finder(**how, images=tmp_path / "b" / "deep")
    assert given.find("1.jpg") == str(tmp_path / "b/deep/1.jpg")
    given = image_finder(**how, images=str(tmp_path / "b"))
    given.find("1.jpg")
    assert given.missing
    with pytest.raises(DatasetError, match="`images` must be a folder. Received"):
        image_finder(**how, images=tmp_path / "c")


def test_the_folder_may_be_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    touch(tmp_path / "photos" / "1.jpg")
    finder = image_finder(tmp_path / "x.json", tmp_path, ["1.jpg"], images="~/photos")
    assert finder.find("1.jpg") == str(tmp_path / "photos" / "1.jpg")


def test_a_name_from_the_folder_of_its_file_is_followed_within_the_dataset(tmp_path):
    touch(tmp_path / "a" / "1.jpg", tmp_path / "b" / "1.jpg")
    names = ["../a/1.jpg", "../b/1.jpg", "../../c/1.jpg"]
    finder = image_finder(tmp_path / "labels" / "x.json", tmp_path, names)
    assert finder.find("../b/1.jpg") == str(tmp_path / "b" / "1.jpg")
    whole = str(tmp_path / "a" / "1.jpg")
    assert finder.find(whole) == whole
    with pytest.raises(DatasetError, match="outside of .*`images=DIR`"):
        finder.find("../../c/1.jpg")
