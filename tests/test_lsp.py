import json

import numpy as np
import pytest
import scipy.io

from keras_hourglass.data import datasets
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.skeletons import LSP, MPII


def write(folder, joints):
    scipy.io.savemat(folder / "joints.mat", {"joints": joints})
    return folder


def people(count):
    """`(count, 14, 3)`: the joints of each lie on a line that begins at its number."""
    steps = np.arange(14)
    one = np.stack([2.0 * steps, 10.0 * steps, steps % 2], axis=-1)
    return one + np.arange(count)[:, None, None] * (1, 0, 0)


def test_the_first_thousand_of_lsp_train_and_the_others_validate(tmp_path):
    root = write(tmp_path, people(1002).transpose(2, 1, 0))
    loaded = datasets.load_dataset("lsp", root, missing="keep")
    assert loaded.skeleton is LSP and len(loaded) == 1002
    assert len(loaded.split("train")) == 1000
    assert loaded.images[999:1001].tolist() == [
        str(tmp_path / "images" / name) for name in ("im1000.jpg", "im1001.jpg")
    ]
    assert loaded.splits[999:1001].tolist() == ["train", "val"]
    assert loaded.weights.all(), "hidden joints are labeled all the same"
    assert loaded.joints[7, 3].tolist() == [2 * 3 + 7, 30]
    np.testing.assert_allclose(loaded.sides, 1.4 * 130)
    np.testing.assert_allclose(loaded.centers[7], [13 + 7, 65])


def test_an_unlabelled_joint_of_lspet_weighs_nothing(tmp_path):
    root = write(tmp_path, people(3).transpose(1, 2, 0))
    loaded = datasets.load_dataset("lspet", root, missing="keep")
    assert loaded.images[0] == str(tmp_path / "images" / "im00001.jpg")
    assert loaded.weights.tolist() == [[0, 1] * 7] * 3
    assert {*loaded.splits} == {"train"}
    np.testing.assert_allclose(loaded.sides, 1.4 * 120)


def test_a_person_without_a_labeled_joint_is_left_out(tmp_path):
    joints = people(2)
    joints[0, :, 2] = 0
    loaded = datasets.load_dataset(
        "lspet", write(tmp_path, joints.transpose(1, 2, 0)), missing="keep"
    )
    assert ["person 1" in name for name in loaded.names] == [True]
    assert "1 of 2 people" in loaded.notes[0] and "no usable joint" in loaded.notes[0]


@pytest.mark.parametrize("name, other", [("lsp", "lspet"), ("lspet", "lsp")])
def test_each_refuses_the_shape_of_the_other(tmp_path, name, other):
    axes = {"lsp": (2, 1, 0), "lspet": (1, 2, 0)}
    root = write(tmp_path, people(2).transpose(axes[other]))
    with pytest.raises(DatasetError, match=f"joints.mat of {name} must hold"):
        datasets.load_dataset(name, root)


def test_a_joint_that_is_nowhere_is_a_fault_of_its_person(tmp_path):
    joints = people(3)
    joints[1, 5, 0] = np.nan
    root = write(tmp_path, joints.transpose(1, 2, 0))
    with collect_faults() as faults:
        loaded = datasets.load_dataset("lspet", root, missing="keep")
    assert len(loaded) == 2
    ((name, wrong),) = faults
    assert name == f"im00002.jpg ({root}/joints.mat, person 1)"
    assert wrong.startswith("joint 'left_ankle' must be")


@pytest.mark.parametrize("content", [{"x": 3}, {"joints": "text"}, {"joints": 3}])
def test_another_file_is_refused_by_its_name(tmp_path, content):
    scipy.io.savemat(tmp_path / "joints.mat", content)
    with pytest.raises(DatasetError, match="joints.mat"):
        datasets.load_dataset("lsp", tmp_path)


def test_a_folder_without_annotation_is_refused_with_the_files_expected(tmp_path):
    with pytest.raises(DatasetError, match="must hold joints.mat"):
        datasets.load_dataset("lspet", tmp_path)


def test_the_real_people_lie_where_the_cleaned_ones_do(shared):
    mini = shared / "fixtures" / "lspet_mini"
    loaded = datasets.load_dataset("lspet", mini).to_skeleton(MPII)
    assert len(loaded) == 12 and not loaded.notes
    numbers = json.loads((mini / "source_names.json").read_text())
    listed = json.loads((shared / "lspet_clean" / "annotations.json").read_text())
    cleaned = {f"im{p['lspet_index'] + 1:05}.jpg": p for p in listed["people"]}
    kept = MPII.indices(["upper_neck", "head_top"])  # which no teacher has moved
    compared = 0
    for person, given in zip(loaded.joints, numbers.values()):
        if given not in cleaned:
            continue
        one = cleaned[given]
        factor, offset = np.array(one["crop_factor"]), np.array(one["crop_offset"])
        original = (np.array(one["joints"]) + 0.5) / factor - 0.5 + offset
        for joint in (j for j in kept if one["present"][j]):
            np.testing.assert_allclose(person[joint], original[joint], atol=0.06)
            compared += 1
    assert compared > 15


def test_lsp_marks_the_hidden_joints_and_its_extension_the_labeled_ones(tmp_path):
    hidden = datasets.load_dataset(
        "lsp", write(tmp_path, people(3).transpose(2, 1, 0)), missing="keep"
    )
    assert hidden.visible.tolist() == [[1, 0] * 7] * 3
    labeled = datasets.load_dataset(
        "lspet", write(tmp_path, people(3).transpose(1, 2, 0)), missing="keep"
    )
    assert np.isnan(labeled.visible).all() and np.isnan(labeled.num_others).all()
