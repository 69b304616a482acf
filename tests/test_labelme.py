import json

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets import labelme
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults


def point(label, x, y, group=None):
    return {"label": label, "points": [[x, y]], "group_id": group} | {
        "shape_type": "point",
        "flags": {},
    }


def box(group=None, corners=((60, 90), (10, 20))):
    shape = {"label": "cat", "points": corners, "group_id": group}
    return {**shape, "shape_type": "rectangle"}


def write(path, *shapes, image=None):
    """Writes a file of labelme, and the image beside it if none is named."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if image is None:
        image = f"{path.stem}.jpg"
        (path.parent / image).touch()
    contents = {"version": "5.5.0", "shapes": shapes, "imagePath": image}
    path.write_text(json.dumps({**contents, "imageData": None}))


def load(root, **kwargs):
    return datasets.load_dataset("labelme", root, **kwargs)


def test_points_of_a_file_are_one_person(tmp_path):
    write(tmp_path / "a.json", point("nose", 12.5, 30), point("tail", 52.5, 30))
    write(tmp_path / "b.json", point("ear", 20, 30), point("tail", 50, 80), box())
    people = load(tmp_path)
    assert people.skeleton.joints == ("nose", "tail", "ear")
    assert people.weights.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert people.joints[0, :2].tolist() == [[12, 29.5], [52, 29.5]]
    np.testing.assert_allclose(people.sides, [1.4 * 40, 1.25 * 70])
    np.testing.assert_allclose(people.centers[1], [10 + 49 / 2, 20 + 69 / 2])
    assert people.images.tolist() == [str(tmp_path / f"{n}.jpg") for n in "ab"]
    assert not people.notes


def test_a_group_is_one_person(tmp_path):
    groups = [
        [point("nose", 10 * g, 0, g), point("tail", 10 * g, 50, g), box(g)]
        for g in (1, 2)
    ]
    write(
        tmp_path / "a.json", *sum(groups, []), box(3), {**box(1), "shape_type": "line"}
    )
    people = load(tmp_path)
    assert people.joints[:, 0, 0].tolist() == [9.5, 19.5]
    assert people.num_others.tolist() == [1, 1] and "group 2" in people.names[1]
    assert sorted(note.split(": ")[1] for note in people.notes) == [
        "line",
        "no usable joint",
    ]


FAULTS = {
    "twice": (
        (point("nose", 1, 2), point("nose", 3, 4)),
        "'nose' comes twice.*group_i",
    ),
    "two boxes": ((point("nose", 1, 2), box(), box()), "2 boxes.*group_id"),
    "no number": ((point("nose", "far", 2),), "'far' where a number is expected"),
    "two places": (
        ({**point("nose", 1, 2), "points": [[1, 2], [3, 4]]},),
        "has points",
    ),
    "no label": (({"points": [[1, 2]], "shape_type": "point"},), "`label` is missing"),
    "no object": ((3,), "must be an object"),
}


@pytest.mark.parametrize("shapes, said", FAULTS.values(), ids=FAULTS)
def test_a_faulty_person_is_refused_by_the_name_of_the_file(tmp_path, shapes, said):
    write(tmp_path / "a.json", *shapes)
    write(tmp_path / "b.json", point("nose", 1, 2), point("tail", 30, 40))
    with pytest.raises(DatasetError, match=f"a.json.*{said}"):
        load(tmp_path)
    with collect_faults() as faults:
        assert len(load(tmp_path)) == 1
    assert len(faults) == 1


def test_subfolders_are_read_and_name_the_splits(tmp_path):
    for folder in ("train", "Val", "test", "carnival"):
        name = f"{folder}/test_1.json"
        write(tmp_path / name, point("nose", 1, 2), point("tail", 30, 40))
    splits = {p.image.split("/")[-2]: p.split for p in load(tmp_path)}
    expected = {"train": "train", "Val": "val", "test": "test", "carnival": "train"}
    assert splits == expected
    assert len(load(tmp_path / "Val" / "test_1.json")) == 1


def test_an_image_is_found_from_the_path_that_labelme_wrote(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").touch()
    shapes = point("nose", 1, 2), point("tail", 30, 40)
    for image in ("../images/a.jpg", r"..\images\a.jpg", "/home/me/images/a.jpg"):
        write(tmp_path / "annotations" / "a.json", *shapes, image=image)
        assert load(tmp_path).images.tolist() == [str(tmp_path / "images/a.jpg")]


def test_other_files_are_left_out_with_a_note(tmp_path):
    write(tmp_path / "a.json", point("nose", 1, 2), point("tail", 30, 40))
    (tmp_path / "settings.json").write_text("{}")
    assert [*load(tmp_path).notes] == [
        f"1 JSON files of {tmp_path} are not labelme's: left out"
    ]
    (tmp_path / "a.json").unlink()
    for given in (tmp_path, tmp_path / "settings.json"):
        with pytest.raises(DatasetError) as raised:
            load(given)
        assert "must hold labelme's JSON files" in str(raised.value)
        assert str(raised.value).endswith(f"root={str(given)!r}")


def test_hidden_files_are_not_read(tmp_path):
    write(tmp_path / "a.json", point("nose", 1, 2), point("tail", 30, 40))
    hidden = (".ipynb_checkpoints/a.json", "__MACOSX/b/._a.json", "c/._a.json")
    for name in hidden:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"\0\5\x16\7 no JSON")
    assert len(load(tmp_path)) == 1 and not load(tmp_path).notes


def test_images_within_the_files_are_not_kept(tmp_path):
    path = tmp_path / "a.json"
    write(path, point("nose", 1, 2), point("tail", 30, 40))
    path.write_text(path.read_text().replace("null}", '"' + "A" * 10**6 + '"}'))
    assert "imageData" in path.read_text() and "imageData" not in labelme._read(path)
    assert len(load(tmp_path)) == 1


def test_a_box_may_have_all_four_corners(tmp_path):
    corners = (10, 20), (60, 20), (60, 90), (10, 90)
    shapes = point("nose", 1, 2), point("tail", 30, 40), box(corners=corners)
    write(tmp_path / "a.json", *shapes)
    np.testing.assert_allclose(load(tmp_path).sides, 1.25 * 70)


def test_one_joint_may_be_spelled_in_two_ways(tmp_path):
    write(tmp_path / "a.json", point("Left Ear", 1, 2), point("nose", 30, 40))
    write(tmp_path / "b.json", point("left_ear", 5, 6), point("Nose", 30, 40))
    people = load(tmp_path)
    assert (people.joints + 0.5).tolist() == [
        [[1, 2], [30, 40]],
        [[5, 6], [30, 40]],
    ]


def test_a_box_without_area_is_replaced_and_listed_sizes_are_read(tmp_path):
    empty = box(corners=((5, 5), (5, 9)))
    write(tmp_path / "a.json", point("nose", 1, 2), point("tail", 31, 2), empty)
    contents = json.loads((tmp_path / "a.json").read_text())
    contents |= {"imageWidth": 640, "imageHeight": 480}
    (tmp_path / "a.json").write_text(json.dumps(contents))
    people = load(tmp_path, missing="keep")
    np.testing.assert_allclose(people.sides, 1.4 * 30)
    assert people.listed_sizes.tolist() == [[640, 480]]
