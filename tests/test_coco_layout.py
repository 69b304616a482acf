"""COCO's format as COCO, CVAT, Roboflow, Label Studio and others lay it out."""

import json
import shutil
from pathlib import Path

import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.coco.layout import find_annotations, subset_of
from keras_hourglass.data.detection.loading import load_photographs
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import COCO

CATEGORY = {"id": 1, "name": "person", "keypoints": COCO.joints}


def write(path, name="5.jpg", **others):
    """Writes an annotation file of one person."""
    keypoints = [number for i in range(17) for number in (10 + i, 20 + i, 2)]
    person = {"id": 1, "image_id": 5, "category_id": 1, "bbox": [5, 15, 40, 40]}
    contents = {
        "images": [{"id": 5, "file_name": name}],
        "annotations": [{**person, "keypoints": keypoints}],
        "categories": [CATEGORY],
        **others,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(contents))


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def load(root, **kwargs):
    return datasets.load_dataset("coco", root, **kwargs)


LAYOUTS = {  # annotation, image, name of the image, split
    "COCO": ("annotations/person_keypoints_val2017.json", "val2017/5.jpg", 0, "val"),
    "CVAT": (
        "annotations/person_keypoints_default.json",
        "images/default/5.jpg",
        0,
        "train",
    ),
    "CVAT, a task's name": (
        "annotations/person_keypoints_My Test.json",
        "images/My Test/5.jpg",
        0,
        "test",
    ),
    "Roboflow": ("valid/_annotations.coco.json", "valid/5.jpg", 0, "val"),
    "Roboflow, test": ("test/_annotations.coco.json", "test/5.jpg", 0, "test"),
    "Label Studio": ("result.json", "images/5.jpg", "images/5.jpg", "train"),
    "Label Studio, path": (
        "result.json",
        "images/5.jpg",
        "../../label-studio/data/media/upload/1/5.jpg",
        "train",
    ),
    "FiftyOne": ("labels.json", "data/5.jpg", 0, "train"),
    "FiftyOne, subset": ("validation/labels.json", "validation/data/5.jpg", 0, "val"),
    "MMPose": ("annotations/Val.json", "images/5.jpg", 0, "val"),
    "YOLO": ("labels/train.json", "images/train/5.jpg", 0, "train"),
    "folders in names": ("all.json", "images/test/5.jpg", "test/5.jpg", "test"),
    "carnival": ("annotations/carnival.json", "carnival/5.jpg", 0, "train"),
}


@pytest.mark.parametrize(
    "annotation, image, name, split", LAYOUTS.values(), ids=LAYOUTS
)
def test_files_images_and_splits_of_a_layout_are_found(
    tmp_path, annotation, image, name, split
):
    write(tmp_path / annotation, name or "5.jpg")
    touch(tmp_path / image)
    people = load(tmp_path)
    assert people.images.tolist() == [str(tmp_path / image)]
    assert people.splits.tolist() == [split] and not people.notes
    alone = load(tmp_path / annotation)
    assert alone.images.tolist() == people.images.tolist()


def test_the_cases_of_tools_are_read(shared):
    for case in ("roboflow", "ls_style", "ls_style/result.json", "order"):
        people = load(shared / "cases" / case)
        splits = {"train", "val"} if case == "roboflow" else {"train"}
        assert {*people.splits} == splits and people.weights.sum() % 53 == 0


def test_one_file_is_read_alone_from_the_command_and_from_python(tmp_path):
    for name in ("train", "val"):
        path = tmp_path / "annotations" / f"person_keypoints_{name}.json"
        write(path, f"{name}.jpg")
        touch(tmp_path / "images" / f"{name}.jpg")
    file = tmp_path / "annotations" / "person_keypoints_val.json"
    assert datasets.load_dataset(f"coco:{file}").splits.tolist() == ["val"]
    assert len(load(tmp_path)) == 2


def test_a_subset_beside_others_keeps_its_split_when_it_is_named_alone(tmp_path):
    for folder in ("train", "test"):
        write(tmp_path / folder / "_annotations.coco.json")
        touch(tmp_path / folder / "5.jpg")
    assert load(tmp_path / "test").splits.tolist() == ["test"]
    file = tmp_path / "test" / "_annotations.coco.json"
    assert load(file).splits.tolist() == ["test"]
    shutil.rmtree(tmp_path / "train")
    assert load(tmp_path / "test").splits.tolist() == ["train"]


def test_files_without_keypoints_are_left_out_with_a_note(tmp_path):
    touch(tmp_path / "5.jpg")
    write(tmp_path / "people.json")
    write(tmp_path / "boxes.json", categories=[], annotations=[{"bbox": [1, 2, 3, 4]}])
    (tmp_path / "settings.json").write_text("[1, 2]")
    people = load(tmp_path)
    assert len(people) == 1
    assert people.notes == tuple(
        f"{tmp_path / name}.json is not read: no keypoints"
        for name in ("boxes", "settings")
    )


def test_the_whole_beside_its_parts_is_left_out_with_a_note(tmp_path):
    write(tmp_path / "train.json", "1.jpg")
    write(tmp_path / "val.json", "2.jpg")
    images = [{"id": 5, "file_name": "1.jpg"}, {"id": 6, "file_name": "2.jpg"}]
    write(tmp_path / "annotations.json", images=images)
    touch(tmp_path / "1.jpg")
    for missing in ("skip", "keep"):  # with 2.jpg missing, too
        people = load(tmp_path, missing=missing)
        assert "annotations.json" not in "".join(people.names)
        assert f"{tmp_path}/annotations.json is not read: all its images" in (
            "".join(people.notes)
        )
    images.append({"id": 7, "file_name": "3.jpg"})
    write(tmp_path / "annotations.json", images=images)
    touch(tmp_path / "2.jpg")
    with pytest.raises(DatasetError, match="'val' in .*val.json, and of 'train' in"):
        load(tmp_path, missing="keep")


def test_an_image_of_two_splits_is_refused_and_one_of_two_folders_is_not(tmp_path):
    for folder in ("train", "valid"):
        write(tmp_path / folder / "_annotations.coco.json")
        touch(tmp_path / folder / "5.jpg")
    assert load(tmp_path).splits.tolist() == ["train", "val"]
    with pytest.raises(DatasetError, match="give each image one split; .*train/5.jpg"):
        load(tmp_path, images=tmp_path / "train")
    with pytest.raises(DatasetError, match="give each image one split"):
        load_photographs("coco", tmp_path, images=tmp_path / "train")


def test_files_of_cocos_own_name_are_read_before_others(tmp_path):
    touch(tmp_path / "images" / "5.jpg")
    write(tmp_path / "annotations" / "instances_default.json")
    write(tmp_path / "annotations" / "person_keypoints_default.json")
    people = load(tmp_path)
    assert len(people) == 1 and "person_keypoints_default" in people.names[0]


def test_finding_files_asks_the_disk_for_no_image(tmp_path, monkeypatch):
    write(tmp_path / "train" / "a.json")
    touch(tmp_path / "5.jpg")
    asked, is_dir = [], Path.is_dir

    def spy(path):
        asked.append(path.name)
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", spy)
    assert find_annotations(tmp_path)[1] == [tmp_path / "train" / "a.json"]
    assert "train" in asked and "5.jpg" not in asked


def test_missing_images_are_an_error_that_names_the_folders(tmp_path):
    write(tmp_path / "annotations" / "person_keypoints_val2017.json")
    with pytest.raises(DatasetError) as error:
        load(tmp_path)
    for part in ("1 of 1 images", "`images=DIR`", "val2017/", "images/val2017/"):
        assert part in str(error.value)
    assert str(tmp_path / "annotations") in str(error.value)
    assert not load(tmp_path, missing="keep").notes


def test_an_annotation_deeper_in_the_folder_is_named_in_the_error(tmp_path):
    write(tmp_path / "export" / "job" / "result.json")
    with pytest.raises(DatasetError, match="coco:.*job/result.json"):
        load(tmp_path)


@pytest.mark.parametrize(
    "path, subset",
    [
        ("annotations/person_keypoints_val2017.json", "val2017"),
        ("annotations/val2017_keypoints.json.gz", "val2017"),
        ("person_keypoints.json", ""),
        ("annotations/instances_clip_7.json", "clip_7"),
        ("train/_annotations.coco.json", "train"),
    ],
)
def test_a_subset_is_what_tells_files_apart(tmp_path, path, subset):
    assert subset_of(tmp_path / path, tmp_path) == subset


def test_a_file_may_be_named_from_its_own_folder(tmp_path, monkeypatch):
    write(tmp_path / "annotations" / "val.json")
    touch(tmp_path / "images" / "val" / "5.jpg")
    for folder, name in (("", "annotations/val.json"), ("annotations", "val.json")):
        monkeypatch.chdir(tmp_path / folder)
        (person,) = load(name)
        assert (tmp_path / folder / person.image).samefile(
            tmp_path / "images" / "val" / "5.jpg"
        )
        assert person.split == "val"


def test_a_place_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="must be a folder, or an annotation file"):
        load(tmp_path / "nothing.json")
    with pytest.raises(DatasetError, match="'coco' needs a folder"):
        load(None)


def test_a_subset_without_people_is_read(tmp_path):
    touch(tmp_path / "train" / "5.jpg")
    write(tmp_path / "train" / "_annotations.coco.json")
    write(tmp_path / "test" / "_annotations.coco.json", annotations=[], images=[])
    assert load(tmp_path).splits.tolist() == ["train"]
