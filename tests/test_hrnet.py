import json

import numpy as np
import pytest
from scipy.io import savemat

from keras_hourglass.data import datasets
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import MPII


def person(**fields):
    """A person whose first joint has no label, written as HRNet's files do."""
    joints = [[-1.0, -1.0], *([100.0 + i, 200.0 + i] for i in range(1, 16))]
    return {
        "joints_vis": [0, *[1] * 15],
        "joints": joints,
        "image": "015601864.jpg",
        "scale": 3.0,
        "center": [594.0, 257.0],
        **fields,
    }


def write(root, name, *people):
    path = root / "annot" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(people))
    (root / "images").mkdir(exist_ok=True)
    (root / "images" / "015601864.jpg").touch()
    return root


def load(root, **kwargs):
    return datasets.load_dataset("hrnet", root, **kwargs)


def test_mpiis_pixels_and_windows_are_converted(tmp_path):
    (one,) = load(write(tmp_path, "train", person()))
    assert one.skeleton is MPII and one.split == "train"
    assert one.joints[5].tolist() == [104, 204]  # from 1: 105 and 205
    assert one.weights.tolist() == [0, *[1] * 15]
    # 15 pixels times the scale below, 1.25 times as large, and counted from 0.
    assert one.center.tolist() == [593, 256 + 15 * 3]
    assert one.side == 200 * 1.25 * 3 and one.head_size == 25 * 3
    assert one.image == str(tmp_path / "images" / "015601864.jpg")


def test_it_agrees_with_mpiis_own_reader(shared, tmp_path):
    (path,) = files.find_files(shared / "mpii", "mpii_annotations.json")
    entries = files.read_json(path)[:300]
    own = tmp_path / "own"
    own.mkdir()
    (own / "mpii_annotations.json").write_text(json.dumps(entries))
    mpii = datasets.load_dataset("mpii", own, missing="keep")
    for split, name in (("train", "train"), ("val", "valid")):
        people = [e for e in entries if bool(e["isValidation"]) == (split == "val")]
        listed = []
        for entry in people:
            joints = np.array(entry["joint_self"], float)[:, :2]
            listed.append(
                {
                    "joints": np.where(joints.any(-1)[:, None], joints, -1).tolist(),
                    "joints_vis": joints.any(-1).astype(int).tolist(),
                    "image": entry["img_paths"],
                    "scale": entry["scale_provided"],
                    "center": entry["objpos"],
                }
            )
        write(tmp_path, name, *listed)
    hrnet = load(tmp_path, missing="keep")
    for split in {*mpii.splits}:
        one, other = mpii.split(split), hrnet.split(split)
        assert len(one) == len(other) > 0
        for column in ("weights", "centers", "sides", "head_sizes"):
            np.testing.assert_equal(getattr(one, column), getattr(other, column))
        labeled = one.weights > 0
        np.testing.assert_equal(one.joints[labeled], other.joints[labeled])


def test_files_name_the_splits_and_trainval_is_not_read_twice(tmp_path):
    write(tmp_path, "train", person(), person())
    write(tmp_path, "valid", person())
    write(tmp_path, "trainval", person(), person(), person())
    without = {"image": "a.jpg", "scale": 1.0, "center": [1, 2]}
    write(tmp_path, "test", without)
    people = load(tmp_path)
    assert people.splits.tolist() == ["train", "train", "val"]
    assert sorted(note.split(": ")[1] for note in people.notes) == [
        "no list of people with `joints`",
        "train and valid have the same people",
    ]
    both = load(tmp_path / "annot" / "trainval.json")
    assert both.splits.tolist() == ["train"] * 3 and not both.notes
    write(tmp_path, "test", person())
    assert load(tmp_path).splits.tolist() == ["test", "train", "train", "val"]


def test_people_without_joints_or_center_are_left_out(tmp_path):
    missing = person(joints_vis=[0] * 16), person(center=[-1, -1]), person(scale=-1)
    people = load(write(tmp_path, "train", person(), *missing))
    assert len(people) == 1 and people.notes[0].startswith("3 of 4 people")


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"joints": [[1, 2]] * 17}, "the 16 pairs of MPII"),
        ({"joints_vis": [1] * 17}, "the 16 pairs of MPII"),
        ({"image": "../a.jpg"}, "lies outside"),
        ({"center": None}, "center"),
    ],
)
def test_a_faulty_person_is_refused_by_its_number(tmp_path, fields, said):
    with pytest.raises(DatasetError, match=f"train.json, person 1.*{said}"):
        load(write(tmp_path, "train", person(), person(**fields)))


def test_a_folder_without_such_files_is_refused(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    for given in (tmp_path, tmp_path / "other.json"):
        with pytest.raises(DatasetError) as raised:
            load(given)
        assert "must hold train.json or valid.json" in str(raised.value)
        assert str(raised.value).endswith(f"root={str(given)!r}")


def test_published_head_boxes_are_used_where_they_are_of_the_same_people(tmp_path):
    boxes = np.array([[[0, 0], [30, 40]], [[10, 10], [70, 90]]], float)
    write(tmp_path, "valid", person(), person())
    path = tmp_path / "annot" / "gt_valid.mat"
    savemat(path, {"headboxes_src": np.moveaxis(boxes, 0, -1)})
    np.testing.assert_allclose(load(tmp_path).head_sizes, [0.6 * 50, 0.6 * 100])
    write(tmp_path, "valid", person())
    assert load(tmp_path).head_sizes.tolist() == [75]
