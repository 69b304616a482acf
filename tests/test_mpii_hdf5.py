import h5py
import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.mpii.conventions import validation_pairs
from keras_hourglass.data.readers.files import DatasetError


def write(folder, name, **columns):
    """A file of two people as the Torch code writes it, the second one validating."""
    image, person = validation_pairs()[0]
    part = np.ones((2, 16, 2))
    part[0, 3] = 11, 21
    part[0, 4:7] = (0, 0), (-1, -1), (0, 30)
    whole = {
        "imgname": np.array([b"1.jpg", b"2.jpg"]),
        "index": np.array([image, image - 1.0]),
        "person": np.array([0, person - 1.0]),
        "center": np.array([[101, 51 + 15 * 2.0]] * 2),
        "scale": np.array([2.5, 2.5]),
        "normalize": np.array([30, -1.0]),
        "part": part,
        **columns,
    }
    with h5py.File(folder / name, "w") as file:
        for key, values in whole.items():
            if values is not None:
                file[key] = values
    return folder


def load(folder):
    return datasets.load_dataset("mpii", folder, missing="keep")


def test_margins_that_the_torch_code_adds_are_not_added_twice(tmp_path):
    people = load(write(tmp_path, "train.h5"))
    np.testing.assert_allclose(people.centers, [[100, 50 + 15 * 2]] * 2)
    np.testing.assert_allclose(people.sides, 200 * 1.25 * 2)
    np.testing.assert_allclose(people.head_sizes, [30, 25 * 2])
    assert people.joints[0, 3].tolist() == [10, 20]
    assert np.flatnonzero(people.weights[0] == 0).tolist() == [4, 5, 6]
    assert people.splits.tolist() == ["train", "val"]
    assert people.names[1] == f"2.jpg ({tmp_path}/train.h5, row 1)"


def test_the_later_file_counts_joints_from_0_and_marks_its_training_images(tmp_path):
    people = load(write(tmp_path, "annot.h5", istrain=[1, 0], center=[[101, 51.0]] * 2))
    assert len(people) == 1
    np.testing.assert_allclose(people.centers, [[100, 50 + 15 * 2.5]])
    np.testing.assert_allclose(people.sides, 200 * 1.25 * 2.5)
    assert people.joints[0, 3].tolist() == [11, 21]
    assert np.flatnonzero(people.weights[0] == 0).tolist() == [4, 5, 6]


@pytest.mark.parametrize("kind", ["uint8", "float64", "strings"])
def test_names_may_be_numbers_of_characters(tmp_path, kind):
    names = ["1.jpg", "12.jpg"]
    codes = [[*name.encode().ljust(16, b"\0")] for name in names]
    given = names if kind == "strings" else np.array(codes, kind)
    people = load(write(tmp_path, "train.h5", imgname=given))
    assert [*people.images] == [str(tmp_path / "images" / name) for name in names]


def test_both_files_are_read_wherever_they_lie(tmp_path):
    (tmp_path / "annotations").mkdir()
    write(tmp_path / "annotations", "valid.h5")
    people = load(write(tmp_path, "train.h5"))
    assert ["train.h5" in name for name in people.names] == [True, True, False, False]


def test_the_whole_is_not_read_beside_its_parts(tmp_path):
    write(tmp_path, "annot.h5", istrain=[1, 1])
    people = load(write(tmp_path, "train.h5"))
    assert ["train.h5" in name for name in people.names] == [True, True]


def test_the_real_file_gives_the_same_people_as_the_json(annotated, shared, tmp_path):
    original = shared / "mpii" / "annotations" / "valid.h5"
    (tmp_path / "valid.h5").symlink_to(original)
    people, expected = load(tmp_path), annotated.split("val")
    assert len(people) == 2_958 and (people.splits == "val").all()
    names = [[path.split("/")[-1] for path in p.images] for p in (people, expected)]
    assert names[0] == names[1]
    np.testing.assert_allclose(people.sides, expected.sides, rtol=1e-3)
    np.testing.assert_allclose(people.centers, expected.centers, atol=0.05)
    np.testing.assert_allclose(people.head_sizes, expected.head_sizes, rtol=1e-3)
    both = (people.weights > 0) & (expected.weights > 0)
    assert both.sum() > 44_000 and not (people.weights > expected.weights).any()
    cut = expected.joints[both] - people.joints[both]
    assert abs(cut).max() < 1.001 and np.percentile(cut, 1) == 0


@pytest.mark.parametrize("name", ["center", "part", "imgname", "index"])
def test_a_file_that_lacks_a_column_is_refused_by_its_name(tmp_path, name):
    with pytest.raises(DatasetError, match=f"train.h5 is not MPII's.*{name}"):
        load(write(tmp_path, "train.h5", **{name: None}))


def test_columns_of_different_lengths_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="train.h5.*one length"):
        load(write(tmp_path, "train.h5", scale=[1.0]))


def test_names_that_are_none_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="train.h5 is not MPII's annotation"):
        load(write(tmp_path, "train.h5", imgname=[1.0, 2.0]))


def test_other_bytes_are_refused(tmp_path):
    (tmp_path / "valid.h5").write_bytes(b"nothing" * 9)
    with pytest.raises(DatasetError, match="valid.h5 is not MPII's annotation"):
        load(tmp_path)
