"""People of COCO's annotation files, by hand and by tools."""

import json

import cv2
import numpy as np
import pytest
from coco_files import annotation, kept, load, write

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.coco.person import MIN_JOINTS, default_min_joints
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.skeletons import COCO, MPII, Skeleton


def test_a_person_has_the_values_of_the_file_and_a_window_around_the_box(tmp_path):
    people = load(write(tmp_path, annotation()))
    assert people.skeleton is COCO and people.splits.tolist() == ["train"]
    assert people.images.tolist() == [str(tmp_path / "images" / "5.jpg")]
    assert people.joints[0, 3].tolist() == [13, 23]
    assert np.flatnonzero(people.weights[0]).tolist() == [*range(MIN_JOINTS)]
    np.testing.assert_allclose(people.centers, [[10.5 + 39 / 2, 20 + 79 / 2]])
    np.testing.assert_allclose(people.sides, 1.25 * 80)
    np.testing.assert_allclose(people.head_sizes, 0.1 * 1.25 * 80)
    assert people.names[0].startswith("5.jpg (") and "annotation 77" in people.names[0]


def test_crowds_and_people_of_few_joints_are_left_out_and_counted_apart(tmp_path):
    few = annotation()
    few["keypoints"][2] = 0
    people = load(write(tmp_path, few, annotation(), few, annotation(iscrowd=1)))
    assert len(people) == 1
    said = sorted(note.split(": ")[-1] for note in people.notes)
    assert said == ["a crowd under one label", "fewer than 5 labeled joints"]
    assert sum("2 of 4 people" in note for note in people.notes) == 1


def test_the_name_of_a_file_gives_the_split_and_the_folder(tmp_path):
    (tmp_path / "val2017").mkdir()
    (tmp_path / "images" / "train2017").mkdir(parents=True)
    for split in ("val", "train"):
        name = f"person_keypoints_{split}2017.json"
        write(tmp_path / "annotations", annotation(), name=name)
    people = load(tmp_path)
    assert people.splits.tolist() == ["train", "val"]
    assert people.images.tolist() == [
        str(tmp_path / "images" / "train2017" / "5.jpg"),
        str(tmp_path / "val2017" / "5.jpg"),
    ]


BOXES = {
    "missing": ...,
    "null": None,
    "empty": [],
    "zero": [0, 0, 0, 0],
    "of no height": [10, 20, 40, 0],
    "negative": [10, 20, -40, -80],
    "below a pixel": [10, 20, 0.2, 0.3],
    "of two numbers": [1, 2],
    "a number": 3,
    "an object": {"x": 1},
    "words": ["a", "b", "c", "d"],
    "nulls": [None] * 4,
    "infinite": [1, 2, float("inf"), 4],
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_without_a_usable_box_the_window_follows_from_the_joints(tmp_path, box):
    people = load(write(tmp_path, annotation(), kept(bbox=box)))
    np.testing.assert_allclose(people.centers[1], [12, 22])
    np.testing.assert_allclose(people.sides, [100, 1.4 * 4], rtol=1e-6)
    assert len(people.notes) == 1 and people.notes[0].startswith("1 of 2 people of")
    assert people.notes[0].endswith(
        "have no usable box: their window follows from the joints"
    )


def test_the_window_of_joints_does_not_reach_to_a_joint_at_zero(tmp_path):
    person = annotation(bbox=None)
    person["keypoints"][15:18] = [0, 0, 2]
    people = load(write(tmp_path, person))
    assert people.centers.tolist() == [[12, 22]] and people.weights[0, 5] == 1
    person["keypoints"] = [0, 0, 2] * 17
    assert "neither" in load(write(tmp_path, annotation(), person)).notes[0]


@pytest.mark.parametrize("place", [[None, None], [float("nan"), 3]])
def test_a_joint_without_a_place_is_not_labeled_and_that_is_noted(tmp_path, place):
    person = annotation(bbox=None)
    person["keypoints"][15:18] = [*place, 2]
    people = load(write(tmp_path, person, annotation()))
    assert (people.weights > 0).sum(1).tolist() == [5, 5]
    assert people.joints[0, 5].tolist() == [0, 0] and people.centers[0, 0] == 12
    said = sorted(note.split(" json ")[-1] for note in people.notes)
    assert len(said) == 2 and all(note.startswith("1 of 2 people of") for note in said)
    assert any(note.endswith("read as not labeled") for note in said)


def test_numbers_of_a_box_may_be_text(tmp_path):
    people = load(write(tmp_path, annotation(bbox=["10.5", "20", "40", "80"])))
    assert people.sides.tolist() == [100] and not people.notes


@pytest.mark.parametrize("value", [0, False, None, "0", "", 0.0, ...])
def test_crowds_are_only_those_that_are_marked(tmp_path, value):
    people = load(write(tmp_path, kept(iscrowd=value), annotation(iscrowd="1")))
    assert len(people) == 1 and "a crowd" in people.notes[0]


POSELESS = {
    "keypoints missing": ({"keypoints": ...}, "no keypoints"),
    "keypoints null": ({"keypoints": None}, "no keypoints"),
    "keypoints empty": ({"keypoints": []}, "no keypoints"),
    "a track's empty end": ({"keypoints": [], "bbox": [0] * 4}, "no keypoints"),
    "keypoints zero": ({"keypoints": [0] * 51}, "fewer than 5 labeled joints"),
    "keypoints of nulls": ({"keypoints": [None] * 51}, "fewer than 5 labeled"),
    "keypoints of NaN": ({"keypoints": [float("nan"), 1, 2] * 17}, "fewer than 5"),
    "all at one point": ({"keypoints": [9, 9, 2] * 17, "bbox": None}, "neither a usab"),
    "image not listed": ({"image_id": 6}, "their image is not listed"),
    "image null": ({"image_id": None}, "their image is not listed"),
    "image missing": ({"image_id": ...}, "their image is not listed"),
    "image a list": ({"image_id": [5]}, "their image is not listed"),
}


@pytest.mark.parametrize("fields, reason", POSELESS.values(), ids=POSELESS)
def test_an_annotation_without_a_pose_is_left_out_and_counted(tmp_path, fields, reason):
    people = load(write(tmp_path, annotation(), kept(**fields)))
    assert len(people) == 1 and "annotation 77" in people.names[0]
    assert len(people.notes) == 1 and people.notes[0].startswith("1 of 2 people of")
    assert f"left out: {reason}" in people.notes[0]


def test_ids_may_be_missing_or_text(tmp_path):
    people = load(write(tmp_path, annotation(), kept(id=..., image_id="5")))
    assert len(people) == 2 and "annotation at index 1)" in people.names[1]


@pytest.mark.parametrize("area", [None, 0, -3, "wide", ..., []])
def test_an_area_without_a_value_is_unknown(tmp_path, area):
    people = load(write(tmp_path, annotation(area=60), kept(area=area)))
    np.testing.assert_array_equal(people.areas, [60, np.nan])


def test_sizes_of_images_are_read_where_they_are_listed(tmp_path):
    images = [
        {"id": 5, "file_name": "5.jpg", "width": 640, "height": "480"},
        {"id": 6, "file_name": "6.jpg", "width": None, "height": 0},
    ]
    people = load(write(tmp_path, annotation(), kept(image_id=6), images=images))
    np.testing.assert_array_equal(people.listed_sizes, [[640, 480], [np.nan] * 2])


def test_two_images_of_one_id_are_refused(tmp_path):
    images = [{"id": 5, "file_name": "5.jpg"}, {"id": "5", "file_name": "6.jpg"}]
    root = write(tmp_path, annotation(), images=images)
    with pytest.raises(DatasetError, match="two images have the id '5'"):
        load(root)


def test_an_image_may_be_listed_twice(tmp_path):
    image = {"id": 5, "file_name": "5.jpg"}
    images = [{**image, "width": 640, "height": 480}, image]
    people = load(write(tmp_path, annotation(), images=images))
    np.testing.assert_array_equal(people.listed_sizes, [[640, 480]])


def test_an_annotation_that_is_no_object_is_a_fault(tmp_path):
    root = write(tmp_path, annotation(), None)
    with pytest.raises(DatasetError, match="at index 1: .*must be an object, not None"):
        load(root)


def test_people_on_resized_images_are_scaled_on_request(tmp_path, caplog):
    images = [{"id": 5, "file_name": "5.png", "width": 100, "height": 80}]
    root = write(tmp_path, annotation(), images=images)
    (root / "images").mkdir()
    cv2.imwrite(str(root / "images" / "5.png"), np.zeros((40, 50, 3), "uint8"))
    people = datasets.load_dataset("coco", root)
    assert people.joints[0, 1].tolist() == [11, 21]
    assert "1 of 1 images do not have the size" in caplog.text
    people = datasets.load_dataset("coco", root, rescale=True)
    assert people.joints[0, 1].tolist() == [5.25, 10.25] and people.sides == [50]


@pytest.mark.parametrize("least, count", [(None, 0), (3, 1), (4, 0)])
def test_people_with_fewer_joints_are_read_on_request(tmp_path, least, count):
    keypoints = [10, 20, 2] * 3 + [0] * 42
    entries = [annotation(keypoints=keypoints), annotation()]
    people = datasets.load_dataset(
        "coco", write(tmp_path, *entries), missing="keep", min_joints=least
    )
    assert len(people) == count + 1


def test_only_people_of_coco_need_five_joints():
    assert default_min_joints(Skeleton((*COCO.joints[::-1],))) == 5
    assert (
        default_min_joints(COCO.select(COCO.joints[5:]))
        == default_min_joints(MPII)
        == 1
    )


CASES = {"track_empty": "no keypoints", "box_only_person": "no keypoints"}


@pytest.mark.parametrize("case", [*CASES, "no_bbox"])
def test_real_untidy_files_have_the_four_people_of_their_file(shared, case):
    people = datasets.load_dataset("coco", shared / "cases" / case)
    assert len(people) == 4 and (people.weights > 0).sum() == 53
    assert "497615" in people.names[0] and people.joints[0, 0].tolist() == [346, 202]
    (note,) = people.notes
    if case == "no_bbox":
        assert note.startswith("4 of 4") and "no usable box" in note
        assert people.sides[0] == np.float32(1.4 * (335 - 199))
    else:
        assert note.startswith("1 of 5") and CASES[case] in note


BROKEN = {
    "no joints": ({"keypoints": [1, 2]}, "3 numbers for each of 17 joints, not 2"),
    "joints are text": ({"keypoints": "here"}, "`keypoints` must be numbers"),
    "joints are objects": ({"keypoints": [{"x": 1}]}, "`keypoints` must be numbers"),
}


@pytest.mark.parametrize("fields, said", BROKEN.values(), ids=BROKEN)
def test_an_invalid_value_is_a_fault_of_its_person(tmp_path, fields, said):
    root = write(tmp_path, annotation(), annotation(**fields, id=78))
    with pytest.raises(DatasetError, match=f"annotation 78.*{said}"):
        load(root)
    with collect_faults() as faults:
        people = load(root)
    assert len(people) == 1 and len(faults) == 1


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"images": [3]}', "null"])
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, text):
    (tmp_path / "person_keypoints.json").write_text(text)
    with pytest.raises(DatasetError, match="person_keypoints.json"):
        load(tmp_path)


def test_a_folder_without_annotation_is_refused_with_the_files_expected(tmp_path):
    with pytest.raises(DatasetError, match=r"must hold person_keypoints\*.json"):
        load(tmp_path)


def test_images_in_a_folder_of_another_alphabet_are_found(tmp_path):
    root = write(tmp_path / "Füße und 足", annotation())
    (root / "images").mkdir()
    (root / "images" / "5.jpg").touch()
    assert len(datasets.load_dataset("coco", root)) == 1


def test_the_real_people_have_their_joints_in_their_boxes(shared):
    root = shared / "fixtures" / "coco_cc_by"
    people = datasets.load_dataset("coco", root)
    listed = json.loads((root / "person_keypoints.json").read_text())["annotations"]
    enough = [
        p for p in listed if p["num_keypoints"] >= MIN_JOINTS and not p["iscrowd"]
    ]
    assert len(people) == len(enough) >= 30
    assert people.weights.sum() == sum(person["num_keypoints"] for person in enough)
    assert sum(int(note.split(" of ")[0]) for note in people.notes) == len(
        listed
    ) - len(enough)
    off = abs(people.joints - people.centers[:, None]).max(-1) / people.sides[:, None]
    inside = off[people.weights > 0] < 0.5  # not all: boxes end where a body is hidden
    assert inside.mean() > 0.98


def test_the_file_lists_its_joints_as_the_skeleton_does(shared):
    path = shared / "fixtures" / "coco_cc_by" / "person_keypoints.json"
    (person,) = json.loads(path.read_text())["categories"]
    assert tuple(person["keypoints"]) == COCO.joints


def test_visibility_other_people_and_area_are_read(tmp_path):
    people = load(write(tmp_path, annotation(area=1234.5), annotation(id=78)))
    assert people.visible[0, :MIN_JOINTS].tolist() == [0] + [1] * (MIN_JOINTS - 1)
    assert people.num_others.tolist() == [1, 1]
    np.testing.assert_equal(people.areas, [1234.5, np.nan])
    np.testing.assert_equal(people.source_sizes, people.sides)
