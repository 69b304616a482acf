import json

import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.readers import subsets

NAMES = {
    "person_keypoints_val2017.json": "val",
    "person_keypoints_Train.json": "train",
    "Valid": "val",
    "VALIDATION-2": "val",
    "minival2014": "val",
    "trainval": "train",
    "train_val.json": "train",
    "MyTestSet": "test",
    "image_info_test-dev2017.json": "test",
    "train_test.json": "test",
    "carnival": None,
    "intervals": None,
    "latest_contest.json": None,
    "constrained_retraining": None,
    "person_keypoints_default.json": None,
    "_annotations.coco.json": None,
    "": None,
}


@pytest.mark.parametrize("name, split", NAMES.items(), ids=NAMES)
def test_whole_words_in_any_case_name_a_split(name, split):
    assert subsets.split_of_name(name) == split


@pytest.mark.parametrize(
    "name, digits",
    [
        *(("val2017", "2017"), ("keypoints_val_2017", "2017"), ("clip_7", "")),
        *(("image_info_test-dev2017", "2017"), ("wholebody_val_v1", "")),
    ],
)
def test_digits_of_a_split_stand_beside_its_word(name, digits):
    assert subsets.digits_of_split(name) == digits


@pytest.mark.parametrize(
    "path, split",
    [
        ("annotations/person_keypoints_val2017.json", "val"),
        ("valid/_annotations.coco.json", "val"),
        ("test/annotations/person_keypoints_default.json", "test"),
        ("test/train.json", "train"),
        ("train/test/a.json", "test"),
        ("carnival/a.json", None),
    ],
)
def test_a_files_own_name_decides_and_then_the_nearest_folder(tmp_path, path, split):
    assert subsets.split_of_file(tmp_path / path, tmp_path) == split


def test_the_datasets_own_folder_says_a_split_beside_another_subset(tmp_path):
    (tmp_path / "Test").mkdir()
    file = tmp_path / "Test" / "a.json"
    assert subsets.split_of_file(file, tmp_path / "Test") is None
    (tmp_path / "carnival").mkdir()
    (tmp_path / "test2").mkdir()
    assert subsets.split_of_file(file, tmp_path / "Test") is None
    (tmp_path / "train").mkdir()
    assert subsets.split_of_file(file, tmp_path / "Test") == "test"


def test_a_folder_in_an_images_name_counts_if_it_is_one_such_word():
    assert subsets.split_of_image("images/val2017/1.jpg") == "val"
    assert subsets.split_of_image(r"Test\clip\1.jpg") == "test"
    assert subsets.split_of_image("test-mouse-1/1.jpg") is None
    assert subsets.split_of_image("val.jpg") is None


def test_a_word_of_a_table_is_read_in_any_spelling():
    assert [*map(subsets.to_split, ("Valid", " TEST", "training"))] == [
        *("val", "test", "train")
    ]
    for other in ("carnival", "", "default", 3, None):
        with pytest.raises(ValueError, match="`split` must be 'train', 'val' or 't"):
            subsets.to_split(other)


def test_the_folder_of_labelme_or_deeplabcut_beside_another_subset_counts(tmp_path):
    shape = {"label": "nose", "points": [[1, 2]], "shape_type": "point"}
    tail = {"label": "tail", "points": [[30, 40]], "shape_type": "point"}
    for folder in ("train", "Test"):
        (tmp_path / folder).mkdir()
        contents = {"imagePath": "1.jpg", "shapes": [shape, tail]}
        (tmp_path / folder / "1.json").write_text(json.dumps(contents))
        table = "scorer,a,a,a,a\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n"
        table += "1.jpg,1,2,30,40\n"
        (tmp_path / folder / "CollectedData_a.csv").write_text(table)
    for name in ("labelme", "deeplabcut"):
        test = datasets.load_dataset(name, tmp_path / "Test", missing="keep")
        assert test.splits.tolist() == ["test"]
        both = datasets.load_dataset(name, tmp_path, missing="keep")
        assert sorted(both.splits) == ["test", "train"]
