"""Boxes of all people of COCO, for detection."""

import json

import numpy as np
import pytest

from keras_hourglass.data.datasets.coco.boxes import load_boxes
from keras_hourglass.data.datasets.coco.poses import load_poses
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults

IMAGES = [
    {"id": 1, "file_name": "one.jpg", "width": 640, "height": 480},
    {"id": 2, "file_name": "none.jpg"},
    {"id": 3, "file_name": "three.jpg", "width": 320, "height": 240},
]
CATEGORIES = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]


def write(folder, *annotations, name="instances_val2017.json", **contents):
    listed = {"images": IMAGES, "categories": CATEGORIES, "annotations": annotations}
    (folder / name).write_text(json.dumps({**listed, **contents}))
    return folder


def entry(image, box, **fields):
    return {"id": 9, "image_id": image, "category_id": 1, "bbox": box, **fields}


def test_images_have_all_their_boxes_and_crowds_and_those_without_have_none(tmp_path):
    boxes = load_boxes(
        write(
            tmp_path,
            entry(3, [1, 2, 30, 40]),
            entry(1, [5, 6, 7, 8], keypoints=[], iscrowd=0),
            entry(3, [10, 20, 200, 100], iscrowd=1),
        )
    )
    assert len(boxes) == 3 and not [n for n in boxes.notes if "left out" in n]
    assert [path.rsplit("/")[-1] for path in boxes.images] == [
        *("one.jpg", "none.jpg", "three.jpg")
    ]
    assert [each.tolist() for each in boxes.boxes] == [
        *([[5, 6, 7, 8]], [], [[1, 2, 30, 40], [10, 20, 200, 100]])
    ]
    assert [each.tolist() for each in boxes.is_crowd] == [[False], [], [False, True]]
    assert boxes.boxes[1].shape == (0, 4) and {*boxes.splits} == {"val"}
    np.testing.assert_array_equal(
        boxes.sizes, [[640, 480], [np.nan, np.nan], [320, 240]]
    )


def test_boxes_that_cannot_be_used_are_counted_by_reason(tmp_path):
    boxes = load_boxes(
        write(
            tmp_path,
            entry(1, [1, 2, 30, 40]),
            *(entry(1, box) for box in (None, [0, 0, 0, 0], ["a"], [1, 2, 0, 9])),
            entry(8, [1, 2, 30, 40]),
            entry(1, [1, 2, 30, 40], category_id=18),
            {"image_id": 1},
        )
    )
    assert [len(each) for each in boxes.boxes] == [1, 0, 0]
    left_out = sorted(note for note in boxes.notes if "left out" in note)
    assert [note.split(": ")[-1] for note in left_out] == [
        *("of the category 'dog', not 'person'", "their image is not listed"),
        "no usable box",
    ]
    assert left_out[-1].startswith("5 of 8 annotations of ")


def test_boxes_of_another_category_are_read_by_its_name(tmp_path):
    root = write(tmp_path, entry(1, [1, 2, 3, 4]), entry(2, [5] * 4, category_id=18))
    assert [len(each) for each in load_boxes(root, "dog").boxes] == [0, 1, 0]
    with pytest.raises(DatasetError, match="cat"):
        load_boxes(root, "cat")


def test_files_of_boxes_alone_and_of_no_people_are_read_beside_keypoints(tmp_path):
    names = {"poses": "1.jpg", "boxes": "2.jpg", "empty": "3.jpg", "text": "4.jpg"}
    labels = {
        "poses": [entry(1, [1, 2, 3, 4], keypoints=[1, 2, 2])],
        "boxes": [entry(1, [5, 6, 7, 8])],
        "empty": [],
        "text": [{"image_id": 1, "caption": "a crowd"}],
    }
    for name, image in names.items():
        images = [{"id": 1, "file_name": image}]
        write(tmp_path, *labels[name], name=f"{name}.json", images=images)
    boxes = load_boxes(tmp_path)
    assert {p.rsplit("/")[-1]: len(b) for p, b in zip(boxes.images, boxes.boxes)} == {
        **{"1.jpg": 1, "2.jpg": 1, "3.jpg": 0}
    }
    assert f"{tmp_path}/text.json is not read: no bbox" in boxes.notes


def test_a_category_needs_no_joints(tmp_path):
    cat = {"id": 2, "name": "cat", "keypoints": ["nose"]}
    barn = {"id": 3, "name": "barn"}
    labels = entry(1, [9] * 4, category_id=3), entry(2, [9] * 4, category_id=2)
    write(tmp_path, *labels, categories=[cat, barn])
    assert [len(each) for each in load_boxes(tmp_path, "Barn").boxes] == [1, 0, 0]
    assert [len(each) for each in load_boxes(tmp_path).boxes] == [
        0,
        1,
        0,
    ]  # with joints
    with pytest.raises(DatasetError, match="`category` must be one with joints"):
        load_poses(tmp_path, "barn")
    write(tmp_path, categories=[{**barn, "name": name} for name in ("head", "man")])
    with pytest.raises(DatasetError, match=r"\['head', 'man'\] are listed"):
        load_boxes(tmp_path)


@pytest.mark.parametrize("name", ["../y.jpg", None])
def test_an_image_without_a_possible_name_is_a_fault_of_its_own(tmp_path, name):
    images = [IMAGES[0], {**IMAGES[1], "file_name": name}]
    root = write(tmp_path, entry(1, [1, 2, 3, 4]), images=images)
    with pytest.raises(DatasetError, match="instances_val2017.json, image 2: "):
        load_boxes(root)
    with collect_faults() as faults:
        assert len(load_boxes(root)) == 1
    assert [fault[0].rsplit(", ")[1] for fault in faults] == ["image 2"]


def test_a_file_without_images_is_refused_by_its_name(tmp_path):
    write(tmp_path, images=None)
    with pytest.raises(DatasetError, match="instances_val2017.json must list"):
        load_boxes(tmp_path)


@pytest.mark.parametrize(
    "case, count", [("track_empty", 4), ("box_only_person", 5), ("no_bbox", 0)]
)
def test_real_untidy_files_keep_their_boxes(shared, case, count):
    boxes = load_boxes(shared / "cases" / case)
    assert len(boxes) == 3 and sum(map(len, boxes.boxes)) == count


def test_real_images_have_the_boxes_of_their_file(shared):
    root = shared / "fixtures" / "coco_cc_by"
    listed = json.loads((root / "person_keypoints.json").read_text())
    boxes = load_boxes(root)
    assert len(boxes) == len(listed["images"]) and not boxes.notes
    assert sum(map(len, boxes.boxes)) == len(listed["annotations"])
    crowds = sum(entry["iscrowd"] for entry in listed["annotations"])
    assert sum(int(each.sum()) for each in boxes.is_crowd) == crowds
