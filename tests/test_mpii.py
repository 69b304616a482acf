from pathlib import Path

import numpy as np
import pytest
import scipy.io

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.mpii import json_format, mat_format
from keras_hourglass.data.datasets.mpii.conventions import (
    head_size,
    to_person,
    validation_pairs,
)
from keras_hourglass.data.readers import files, paths
from keras_hourglass.data.readers.files import DatasetError

EMPTY = np.zeros((0, 0))


def struct_array(*structs):
    """MATLAB's structs as an array: what one of them lacks is empty there."""
    names = list(dict.fromkeys(name for struct in structs for name in struct))
    array = np.empty(len(structs), [(name, object) for name in names])
    for place, struct in enumerate(structs):
        for name in names:
            array[place][name] = struct.get(name, EMPTY)
    return array


POINT = ("x", "y", "id", "is_visible")


def points(*rows):
    return {"point": struct_array(*(dict(zip(POINT, r)) for r in rows))}


def rect(*lacking, **fields):
    """A labeled person, by the numbers of the official file."""
    whole = {
        **{"x1": 10.0, "y1": 20.0, "x2": 40.0, "y2": 60.0},
        **{"scale": 2.0, "objpos": {"x": 101.0, "y": 51.0}},
        "annopoints": points((5.0, 6.0, 0), (31.5, 8.0, 9)),
        **fields,
    }
    return {name: value for name, value in whole.items() if name not in lacking}


def write(folder, *annorects, train=None, names=None):
    """A file of the official structure, with an image for each annorect."""
    images = [
        {
            "image": {"name": name or f"{number}.jpg"},
            "annorect": annorect,
            "vidx": EMPTY,
        }
        for number, (annorect, name) in enumerate(
            zip(annorects, names or [None] * len(annorects)), 1
        )
    ]
    everyone = np.empty(len(images), object)
    everyone[:] = 1
    release = {
        "annolist": struct_array(*images),
        "img_train": np.array(train or [1] * len(images), "uint8"),
        "single_person": everyone,
        "act": struct_array(*[{"act_name": "running", "cat_name": EMPTY}] * 2),
        "video_list": everyone,
        "version": "12",
    }
    (folder / "images").mkdir(exist_ok=True)
    for image in images:
        if names is None:
            (folder / "images" / image["image"]["name"]).touch()
    scipy.io.savemat(folder / mat_format.NAMES[0], {"RELEASE": release})
    return folder


def test_a_person_is_counted_from_0_in_pixels_with_the_published_margins():
    joints = np.zeros((16, 2))
    joints[3] = 11, 21
    row = to_person((101, 51), 2.0, joints, head_size([[10, 20], [40, 60]]))
    assert row["center"].tolist() == [100, 50 + 15 * 2]
    assert row["side"] == 200 * 1.25 * 2
    assert row["joints"][3].tolist() == [10, 20]
    assert row["weights"].tolist() == [i == 3 for i in range(16)]
    assert row["head_size"] == pytest.approx(0.6 * 50)


def test_without_a_head_box_the_head_is_25_pixels_per_unit_of_scale():
    row = to_person((101, 51), 2.0, np.ones((16, 2)))
    assert row["head_size"] == 50 == 0.1 * row["side"]


def test_the_official_file_gives_the_persons_numbers(tmp_path):
    people = datasets.load_dataset("mpii", write(tmp_path, rect()))
    assert len(people) == 1 and not people.notes
    assert people.images[0] == str(tmp_path / "images" / "1.jpg")
    np.testing.assert_allclose(people.centers, [[100, 80]])
    np.testing.assert_allclose(people.sides, [500])
    np.testing.assert_allclose(people.head_sizes, [30])
    np.testing.assert_allclose(people.joints[0, [0, 9]], [[4, 5], [30.5, 7]])
    assert np.flatnonzero(people.weights[0]).tolist() == [0, 9]
    assert people.splits.tolist() == ["train"]


@pytest.mark.parametrize("visible", [EMPTY, 1, 0, "1", "0"], ids=repr)
def test_a_joint_is_labeled_whatever_its_visibility_says(tmp_path, visible):
    point = {"x": 5.0, "y": 6.0, "id": 4, "is_visible": visible}
    people = datasets.load_dataset(
        "mpii", write(tmp_path, rect(annopoints={"point": point}))
    )
    assert np.flatnonzero(people.weights[0]).tolist() == [4]


LACKING = {
    "nothing at all": EMPTY,
    "bare number": 7.0,
    "no points": rect("annopoints"),
    "empty points": rect(annopoints=EMPTY),
    "points without places": rect(annopoints=points((EMPTY, EMPTY, 3))),
    "no place": rect("objpos"),
    "empty place": rect(objpos={"x": EMPTY, "y": EMPTY}),
    "no scale": rect("scale"),
    "empty scale": rect(scale=EMPTY),
    "scale 0": rect(scale=0.0),
    "head box alone": rect("annopoints", "objpos", "scale"),
}


@pytest.mark.parametrize("annorect", LACKING.values(), ids=LACKING)
def test_an_incomplete_person_is_left_out_and_counted(tmp_path, annorect):
    people = datasets.load_dataset("mpii", write(tmp_path, rect(), annorect, rect()))
    assert [Path(name).name for name in people.images] == ["1.jpg", "3.jpg"]
    left_out = np.size(annorect)
    assert len(people.notes) == left_out
    assert all("1 of 3 people of" in note for note in people.notes)


@pytest.mark.parametrize("lacking", ["x1", "y1", "x2", "y2"])
@pytest.mark.parametrize("alone", [True, False], ids=["struct", "array"])
def test_a_person_without_a_head_box_is_measured_by_scale(tmp_path, lacking, alone):
    annorect = rect(lacking) if alone else struct_array(rect(), rect(lacking))
    people = datasets.load_dataset("mpii", write(tmp_path, annorect))
    assert people.head_sizes[-1] == 25 * 2


def test_a_person_keeps_the_number_in_the_image_that_the_split_counts_by(tmp_path):
    image, person = next(pair for pair in validation_pairs() if pair[1] == 2)
    two = struct_array(rect("annopoints"), rect(), rect())
    rects = [EMPTY] * (image - 1) + [two]
    people = datasets.load_dataset("mpii", write(tmp_path, *rects))
    assert people.splits.tolist() == ["val", "train"]
    assert f"image {image}, person {person}" in people.names[0]


def test_images_of_the_test_set_are_left_out(tmp_path):
    folder = write(tmp_path, rect(), rect(), rect(), train=[0, 1, 0])
    people = datasets.load_dataset("mpii", folder)
    assert [Path(name).name for name in people.images] == ["2.jpg"]


def test_a_joint_that_no_skeleton_has_is_refused_with_the_persons_name(tmp_path):
    folder = write(tmp_path, rect(), rect(annopoints=points((1.0, 2.0, 16))))
    with pytest.raises(DatasetError, match="2.jpg .*image 2, person 1.: joint"):
        datasets.load_dataset("mpii", folder)


@pytest.mark.parametrize("name", ["../1.jpg", "/etc/passwd", "a/../../1.jpg"])
def test_an_image_outside_of_the_folder_is_refused(tmp_path, name):
    folder = write(tmp_path, rect(), names=[name])
    with pytest.raises(DatasetError, match=f"{name}.*lies outside"):
        datasets.load_dataset("mpii", folder)


OTHER = {
    "a number": {"RELEASE": 3},
    "a list of numbers": {"RELEASE": {"annolist": [1, 2], "img_train": [1, 1]}},
    "no list": {"RELEASE": {"img_train": 1}},
}


@pytest.mark.parametrize("content", OTHER.values(), ids=OTHER)
def test_a_mat_that_is_not_mpii_is_refused_by_its_name(tmp_path, content):
    scipy.io.savemat(tmp_path / mat_format.NAMES[0], content)
    with pytest.raises(DatasetError, match=f"{mat_format.NAMES[0]} is not MPII's"):
        datasets.load_dataset("mpii", tmp_path)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_mat_that_broke_off_is_refused_by_its_name(tmp_path, share):
    path = write(tmp_path, rect()) / mat_format.NAMES[0]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DatasetError, match=f"{mat_format.NAMES[0]} has no readable"):
        datasets.load_dataset("mpii", tmp_path)


def test_a_mat_without_the_variable_is_refused_by_its_name(tmp_path):
    scipy.io.savemat(tmp_path / mat_format.NAMES[0], {"x": 3})
    with pytest.raises(DatasetError, match="no readable 'RELEASE'"):
        datasets.load_dataset("mpii", tmp_path)


def test_bytes_that_are_no_mat_are_refused_by_their_name(tmp_path):
    (tmp_path / mat_format.NAMES[0]).write_bytes(b"\xff\xd8\xff" * 500)
    with pytest.raises(DatasetError, match=f"{mat_format.NAMES[0]} has no readable"):
        datasets.load_dataset("mpii", tmp_path)


def test_missing_photographs_are_an_error_that_counts_them(tmp_path):
    folder = write(tmp_path, struct_array(rect(), rect()), rect(), rect())
    (folder / "images" / "1.jpg").unlink()
    with pytest.raises(DatasetError, match="1 of 3 images are missing.*skip"):
        datasets.load_dataset("mpii", folder)
    people = datasets.load_dataset("mpii", folder, missing="skip")
    assert len(people) == 2
    assert "2 of 4 people remain" in people.notes[-1]


def test_skipping_all_people_is_an_error(tmp_path):
    folder = write(tmp_path, rect())
    (folder / "images" / "1.jpg").unlink()
    with pytest.raises(DatasetError, match="1 of 1 images are missing"):
        datasets.load_dataset("mpii", folder, missing="skip")


def test_a_folder_without_annotations_is_refused_with_the_files_expected(tmp_path):
    with pytest.raises(
        DatasetError, match=f"{mat_format.NAMES[0]} or mpii.*{tmp_path.name}"
    ):
        datasets.load_dataset("mpii", tmp_path)


@pytest.mark.parametrize("content", ["{", "3", '[{"img_paths": "a.jpg"}]', "[[1]]"])
def test_a_broken_json_is_refused_by_its_name(tmp_path, content):
    (tmp_path / "mpii_annotations.json").write_text(content)
    with pytest.raises(DatasetError, match="mpii_annotations.json"):
        datasets.load_dataset("mpii", tmp_path)


def test_the_real_annotations_hold_25204_people_with_2958_for_validation(annotated):
    assert len(annotated) == 25_204
    assert (annotated.splits == "train").sum() == 22_246
    assert (annotated.splits == "val").sum() == 2_958
    assert annotated.weights.any(axis=1).all()


def test_the_first_real_person_is_as_the_file_says(annotated):
    first = annotated[:1]
    np.testing.assert_allclose(first.centers, [[593, 256 + 15 * 3.021]], rtol=1e-6)
    np.testing.assert_allclose(first.sides, [250 * 3.021], rtol=1e-6)
    np.testing.assert_allclose(first.joints[0, 8], [636.02, 188.818], rtol=1e-6)
    assert first.weights.all()


def test_the_packages_split_is_that_of_the_json_in_its_order(shared):
    path = shared / "mpii" / "annotations" / "mpii_annotations.json.gz"
    pairs = [
        (entry["annolist_index"], entry["people_index"])
        for entry in files.read_json(path)
        if entry["isValidation"]
    ]
    assert pairs == validation_pairs()


def test_the_head_is_a_tenth_of_the_window_on_all_validation_people(annotated):
    people = annotated.split("val")
    ratio = people.head_sizes / (0.1 * people.sides)
    assert len(np.unique(ratio)) > 1, "the head boxes were not read"
    np.testing.assert_allclose(ratio, 1, atol=0.005)
    low, high = np.percentile(ratio, [5, 95])
    assert 0.9997 < low < high < 1.0003


def test_the_real_joints_are_those_of_the_published_ground_truth(annotated, shared):
    truth = scipy.io.loadmat(shared / "mpii" / "annotations" / json_format.HEAD_BOXES)
    expected = np.moveaxis(truth["pos_gt_src"], -1, 0) - 1
    people = annotated.split("val")
    given = (people.weights > 0) & (expected > -1).all(axis=-1)
    assert given.sum() > 40_000
    np.testing.assert_allclose(people.joints[given], expected[given], atol=0.002)


def test_of_the_real_photographs_those_that_are_here_remain(annotated):
    with pytest.raises(DatasetError, match="17,139 of 17,408 images"):
        paths.drop_missing(annotated)
    people = paths.drop_missing(annotated, "skip")
    assert len(people) == 355 and len({*people.images}) == 269
    assert len(people.split("val")) == 149


def test_hidden_joints_and_other_people_are_known(tmp_path):
    rows = [(40.0, 50.0, 3, "1"), (41.0, 51.0, 4, "0"), (42.0, 52.0, 5, EMPTY)]
    people = struct_array(rect(annopoints=points(*rows)), rect())
    root = write(tmp_path, people)
    people = datasets.load_dataset("mpii", root, missing="keep")
    assert people.num_others.tolist() == [1, 1]
    np.testing.assert_equal(people.visible[0, 3:6], [1, 0, np.nan])
