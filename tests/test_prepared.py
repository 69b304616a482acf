import json

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.skeletons import MPII

NAMES = ["left_hip", "right_hip", "neck"]
JOINTS = [[10, 40], [30, 20], [20, 120]]


@pytest.fixture
def folder(tmp_path):
    """Writes a prepared folder of some people, with an empty file as image."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").touch()

    def write(*people, names=NAMES):
        listed = {"joint_names": names, "people": people}
        (tmp_path / "annotations.json").write_text(json.dumps(listed))
        return tmp_path

    return write


def person(**fields):
    return {"image": "1.jpg", "joints": JOINTS, **fields}


@pytest.mark.parametrize(
    "name, train, val",
    [
        ("mpii_crops384", 2076, 149),
        ("lspet_clean", 7063, 0),
        ("ccp_teacher", 1446, 0),
        ("coco_people", 4161, 233),
        ("stanford40_clean", 1500, 0),
    ],
)
def test_every_real_folder_loads_with_all_its_people(shared, name, train, val):
    people = datasets.load_dataset("crops", shared / name)
    assert people.skeleton is MPII
    assert (people.splits == "train").sum() == train
    assert (people.splits == "val").sum() == val
    assert len(people) == train + val and not people.notes
    assert np.isfinite(people.joints).all() and (people.head_sizes > 0).all()
    assert people.weights.any(axis=1).all()
    assert 0 <= people.weights.min() < people.weights.max() <= 1


def test_a_person_has_the_values_of_the_file(folder):
    given = person(center=[5, 6], side=70, head_size=9, split="val", scores=[0, 0.5, 1])
    people = datasets.load_dataset("crops", folder(given))
    assert people.skeleton.joints == tuple(NAMES)
    assert people.joints[0, 1:].tolist() == JOINTS[1:]
    assert people.weights.tolist() == [[0, 0.5, 1]]
    assert people.centers.tolist() == [[5, 6]]
    assert people.sides.tolist() == [70] and people.head_sizes.tolist() == [9]
    assert people.splits.tolist() == ["val"]
    assert people.names[0].startswith("1.jpg (")


def test_without_a_window_it_is_the_longer_side_of_the_joints_and_two_fifths(folder):
    people = datasets.load_dataset("crops", folder(person()))
    assert people.centers.tolist() == [[20, 70]]
    np.testing.assert_allclose(people.sides, 1.4 * 100)
    np.testing.assert_allclose(people.head_sizes, 0.1 * 1.4 * 100)
    assert people.splits.tolist() == ["train"]
    assert people.weights.tolist() == [[1, 1, 1]]


def test_the_size_of_a_box_is_given_or_that_of_the_joints(folder):
    unlabeled = person(present=[1, 1, 0])
    given = person(box=[0, 0, 30, 50]), person(box=[0, 0, 30, 50], box_size=[3, 5])
    people = datasets.load_dataset("crops", folder(person(), unlabeled, *given))
    whole, part = np.ptp(JOINTS, axis=0), np.ptp(JOINTS[:2], axis=0)
    assert people.box_sizes.tolist() == [[*whole], [*part], [30, 50], [3, 5]]
    assert people.skeleton.measure.name == "PCK"
    assert people.reference_lengths.tolist() == [max(whole), max(part), 50, 5]
    assert (people[2].box_size == [30, 50]).all()


@pytest.mark.parametrize("absent", [{"present": [1, 1, 0]}, {"scores": [1, 1, 0]}])
def test_an_absent_joint_does_not_widen_the_window(folder, absent):
    people = datasets.load_dataset("crops", folder(person(**absent)))
    np.testing.assert_allclose(people.sides, 1.4 * 20)


def test_a_joint_that_is_not_present_has_no_weight_whatever_its_score(folder):
    given = person(present=[1, 0, 1], scores=[0.3, 0.9, 1])
    people = datasets.load_dataset("crops", folder(given))
    np.testing.assert_allclose(people.weights, [[0.3, 0, 1]])


def test_an_absent_joint_may_be_nowhere(folder):
    given = person(joints=[[1, 2], [None, None], [30, 4]], present=[1, 0, 1])
    unknown = {**given, "scores": [0.5, None, 1]}
    people = datasets.load_dataset("crops", folder(given, unknown))
    assert np.isfinite(people.joints).all()
    assert people.weights.tolist() == [[1, 0, 1], [0.5, 0, 1]]


def test_people_without_a_usable_joint_are_left_out_and_counted(folder):
    unlabelled = person(present=[0, 0, 0])
    people = datasets.load_dataset("crops", folder(unlabelled, person(), unlabelled))
    assert len(people) == 1 and "person 1" in people.names[0]
    assert len(people.notes) == 1
    assert people.notes[0].startswith("2 of 3 people of ")


def test_a_folder_without_usable_joints_is_refused(folder):
    with pytest.raises(
        DatasetError, match="no usable people.*1 of 1 .*no usable joint"
    ):
        datasets.load_dataset("crops", folder(person(present=[0, 0, 0])))


BROKEN = {
    "no image": ({"joints": JOINTS}, "`image` is missing"),
    "no joints": ({"image": "1.jpg"}, "`joints` is missing"),
    "image is a number": (person(image=5), "must be a file name"),
    "image elsewhere": (person(image="../1.jpg"), "lies outside"),
    "image anywhere": (person(image="/1.jpg"), "lies outside"),
    "image without a name": (person(image=" "), "lies outside"),
    "two joints": (person(joints=JOINTS[:2]), "`joints` must be 3 pairs"),
    "ragged joints": (person(joints=[[1], [1, 2], [3, 4]]), ""),
    "joints are text": (person(joints="here"), ""),
    "joint nowhere": (
        person(joints=[[1, None], [1, 2], [3, 4]]),
        "joint 'left_hip' must be two finite",
    ),
    "joint beyond all": (
        person(joints=[[1, 2], [1e30, 2], [3, 4]], side=9),
        "joint 'right_hip' must be two finite",
    ),
    "joint beyond numbers": (person(joints=[[1, 2], [10**400, 2], [3, 4]]), "large"),
    "center beyond all": (person(center=[1, -1e30]), "`center` must be"),
    "side beyond all": (person(side=1e30), "`side` must be"),
    "side of nothing": (person(side=1e-30), "`side` must be"),
    "side below 0": (person(side=-5), "`side` must be"),
    "side is text": (person(side="wide"), ""),
    "head beyond all": (person(head_size=1e30), "`head_size` must be"),
    "image with an end": (person(image="1.jpg\0.png"), "not a possible file name"),
    "image of half a letter": (
        person(image="\ud800.jpg"),
        "not a possible file name",
    ),
    "image with a long name": (person(image="x" * 10**6), "1,000,000 characters"),
    "scores are text": (person(scores="sure"), ""),
    "everything is null": (dict.fromkeys(["image", "joints", "present"]), ""),
    "people in people": ({"people": [person()]}, "missing"),
    "few present": (person(present=[1, 1]), ""),
    "few scores": (person(scores=[1, 1]), ""),
    "score above 1": (person(scores=[1, 1.5, 1]), "0 to 1"),
    "score below 0": (person(scores=[1, -0.5, 1]), "0 to 1"),
    "side 0": (person(side=0), "`side` must be"),
    "side without end": (person(side=float("inf")), "`side` must be"),
    "side is no number": (person(side=float("nan")), "`side` must be"),
    "center nowhere": (person(center=[1, float("nan")]), "`center` must be"),
    "center is a number": (person(center=[1]), "`center` must be"),
    "center in space": (person(center=[1, 2, 3]), "`center` must be"),
    "negative box size": (person(box_size=[-1, 2]), "`box_size` must be"),
    "one box size": (person(box_size=3), "`box_size` must be"),
    "negative head": (person(head_size=-1), "`head_size` must be"),
    "head is no number": (person(head_size=float("nan")), "`head_size` must be"),
    "unknown split": (person(split="tests"), "`split` must be"),
    "not a person": ("text", ""),
    "null": (None, ""),
}


@pytest.mark.parametrize("broken, said", BROKEN.values(), ids=BROKEN)
def test_an_invalid_value_is_refused_with_file_and_person(folder, broken, said):
    with pytest.raises(DatasetError, match=rf"annotations.json, person 1\)?: .*{said}"):
        datasets.load_dataset("crops", folder(person(), broken))


def test_one_joint_needs_a_box_or_a_window(folder):
    one = {"present": [1, 0, 0]}
    people = datasets.load_dataset(
        "crops",
        folder(
            person(**one),
            person(**one, box=None),
            person(**one, box=[0, 0, 30, 50]),
            person(**one, box=None, center=[9, 9], side=20),
        ),
    )
    assert people.sides.tolist() == [1.25 * 50, 20]
    assert people.notes[0].startswith("2 of 4 people") and "neither" in people.notes[0]


def test_all_faults_of_a_folder_are_collected_on_request(folder):
    broken = person(image="2.jpg", side=0), person(image="../1.jpg")
    root = folder(person(), *broken, person(present=[0, 0, 0]), person())
    with collect_faults() as faults:
        people = datasets.load_dataset("crops", root)
    assert len(people) == 2 and "1 of 5 people" in people.notes[0]
    (name, wrong), (other, outside) = faults
    assert name == f"2.jpg ({root}/annotations.json, person 1)"
    assert wrong.startswith("`side` must be 1 to 1,048,576 pixels, not 0")
    assert "person 2" in other and "lies outside" in outside


def test_a_folder_of_faults_alone_gives_no_people_and_its_faults(folder):
    with collect_faults() as faults:
        people = datasets.load_dataset("crops", folder(person(side=0)))
    assert len(people) == 0 and len(faults) == 1


def test_a_folder_without_people_is_refused(folder):
    with pytest.raises(DatasetError, match="no usable people.*is empty"):
        datasets.load_dataset("crops", folder())


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "3", "[]", "null", "{}", '{"joint_names": ["neck"]}'),
        *('{"people": []}', '{"joint_names": ["neck"], "people": null}'),
        *('{"joint_names": [1], "people": []}', '{"joint_names": 1, "people": []}'),
        "[" * 10**5,
        *('{"joint_names": ["neck", "neck"], "people": []}', "\0", '"\\ud800"'),
        *('{"joint_names": ["neck"], "people": "many"}', "1" + "0" * 5000),
        *('{"joint_names": ["neck"], "people": {"0": {}}}', "[NaN"),
        '{"joint_names": {"neck": 0}, "people": 5}',
    ],
)
def test_an_annotation_file_that_is_none_is_refused_by_its_name(tmp_path, text):
    (tmp_path / "annotations.json").write_text(text)
    with pytest.raises(DatasetError, match="annotations.json"):
        datasets.load_dataset("crops", tmp_path)


def test_joints_of_no_weight_are_nowhere_that_could_spoil_a_label(folder):
    nowhere = [[1, 2], [float("nan"), 1e300], [30, 4]]
    people = datasets.load_dataset(
        "crops", folder(person(joints=nowhere, present=[1, 0, 1]))
    )
    assert people.joints[0].tolist() == [[1, 2], [0, 0], [30, 4]]


def test_names_are_taken_as_they_are_and_quoted_where_they_would_not_be_seen(folder):
    names = ["größe 日本.jpg", "sub folder/1.jpg", "1.jpg ", "1\n.jpg"]
    root = folder(*(person(image=name) for name in names))
    (root / "images" / "sub folder").mkdir()
    with pytest.raises(DatasetError, match="4 of 4 images are missing") as error:
        datasets.load_dataset("crops", root)
    assert "\n" not in str(error.value)
    for name in names:
        (root / "images" / name).touch()
    people = datasets.load_dataset("crops", root)
    assert [*people.images] == [str(root / "images" / name) for name in names]
    assert people.names[0].startswith("größe 日本.jpg (")
    assert people.names[2].startswith("'1.jpg ' (")
    assert people.names[3].startswith(r"'1\n.jpg' (")


def test_links_are_followed_since_no_annotation_can_make_one(folder, tmp_path):
    root = folder(person(image="link.jpg"))
    (tmp_path / "elsewhere").touch()
    (root / "images" / "link.jpg").symlink_to(tmp_path / "elsewhere")
    assert len(datasets.load_dataset("crops", root)) == 1


def test_missing_images_are_counted_or_skipped(folder):
    root = folder(person(), person(image="2.jpg"), person(image="2.jpg"))
    with pytest.raises(DatasetError, match="1 of 2 images are missing.*2.jpg"):
        datasets.load_dataset("crops", root)
    people = datasets.load_dataset("crops", root, missing="skip")
    assert len(people) == 1 and "1 of 3 people remain" in people.notes[-1]
    assert len(datasets.load_dataset("crops", root, missing="keep")) == 3
    with pytest.raises(ValueError, match="`missing` must be.*missing='ignore'"):
        datasets.load_dataset("crops", root, missing="ignore")


def test_a_folder_must_be_named_and_exist(tmp_path):
    with pytest.raises(DatasetError, match="needs a folder"):
        datasets.load_dataset("crops")
    with pytest.raises(DatasetError, match="must be a folder.*nowhere"):
        datasets.load_dataset("crops", tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="must hold annotations.json"):
        datasets.load_dataset("crops", tmp_path)


def test_an_unknown_dataset_is_refused_with_a_suggestion():
    with pytest.raises(DatasetError, match="Did you mean 'mpii'.*'mpi'"):
        datasets.load_dataset("mpi")


def test_a_crop_keeps_what_is_known_of_the_photograph(folder):
    known = {"visible": [1, 0, None], "num_other_people": 2, "crop_factor": [0.5, 0.5]}
    root = folder(person(side=80, **known), person(side=80, crop_offset=[3, 4]))
    people = datasets.load_dataset("crops", root)
    np.testing.assert_equal(people.visible[0], [1, 0, np.nan])
    np.testing.assert_equal(people.num_others, [2, np.nan])
    assert people.source_sizes.tolist() == [160, 80] and np.isnan(people.areas).all()


def test_several_people_in_an_uncropped_image_are_counted(folder):
    people = datasets.load_dataset("crops", folder(person(), person(), person()))
    assert people.num_others.tolist() == [2, 2, 2]


def test_a_wrong_number_of_visible_joints_is_refused(folder):
    with pytest.raises(DatasetError, match="`visible` must be 3 numbers"):
        datasets.load_dataset("crops", folder(person(visible=[1])))
