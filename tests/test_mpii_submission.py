"""Submissions to MPII's test server: written, read back, refused where faulty."""

import cv2
import numpy as np
import pytest
import scipy.io
from click.testing import CliRunner

from keras_hourglass import StackedHourglass
from keras_hourglass.data.datasets.mpii import mat_format, submission, testset
from keras_hourglass.data.datasets.mpii.conventions import to_person
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.matlab import EMPTY, struct_array
from keras_hourglass.evaluation.predictions.mpii_submission import save_mpii_submission
from keras_hourglass.skeletons import MPII, Skeleton
from keras_hourglass_cli import main as cli


def rect(x, **fields):
    """A test person: where and how large, but no joints."""
    return {"scale": 2.0, "objpos": {"x": float(x), "y": 60.0}, **fields}


IMAGES = {  # name -> whether to train on, the people, numbers of those evaluated
    "1.jpg": (1, [rect(10), rect(20)], [1, 2]),
    "2.jpg": (0, [rect(30), rect(40, x1=5.0), rect(50)], [1, 3]),
    "3.jpg": (0, [rect(60)], 1),
    "4.jpg": (0, [], EMPTY),
    "5.jpg": (0, [{"scale": 1.0}, rect(70)], [1, 2]),
    "6.jpg": (0, [rect(80)], EMPTY),
}


def write(folder, images=IMAGES):
    """An annotation of the official structure."""
    entries = [
        {
            "image": {"name": name},
            "annorect": struct_array(rects) if rects else EMPTY,
            "vidx": 7.0,
        }
        for name, (_, rects, _) in images.items()
    ]
    single = np.empty((len(images), 1), object)
    single[:, 0] = [np.array(listed, float) for _, _, listed in images.values()]
    release = {
        "annolist": struct_array(entries),
        "img_train": np.array([train for train, _, _ in images.values()], "uint8"),
        "single_person": single,
    }
    (folder / "images").mkdir()
    for name in images:
        cv2.imwrite(str(folder / "images" / name), np.full((120, 160, 3), 99, "uint8"))
    scipy.io.savemat(folder / mat_format.NAMES[0], {"RELEASE": release})
    return folder


@pytest.fixture
def test(tmp_path):
    return testset.TestSet(write(tmp_path) / mat_format.NAMES[0])


@pytest.fixture
def joints():
    return np.random.default_rng(0).uniform(-5, 200, (4, 16, 2))


def test_people_are_evaluated_if_the_annotation_lists_and_places_them(test):
    listed = [(p.file, p.number, p.objpos[0]) for p in test.people]
    assert listed == [
        ("2.jpg", 0, 30),
        ("2.jpg", 2, 50),
        ("3.jpg", 0, 60),
        ("5.jpg", 1, 70),
    ]
    assert test.unplaced == 1 and len(test.entries) == 5


def test_a_test_person_has_the_window_of_a_training_person(test, tmp_path):
    people = test.as_people(tmp_path / "images")
    usual = to_person((30, 60), 2.0, np.ones((16, 2)))
    np.testing.assert_allclose(people.centers[0], usual["center"])
    np.testing.assert_allclose(people.sides, usual["side"])
    assert not people.weights.any() and people.images[0].endswith("2.jpg")


def test_a_submission_has_the_structure_that_the_server_reads(test, joints, tmp_path):
    path = tmp_path / "pred.mat"
    submission.write_submission(path, test, joints)
    pred = scipy.io.loadmat(path)["pred"]
    assert pred.shape == (1, 5)
    assert [entry["image"][0, 0]["name"].item() for entry in pred[0]] == [
        *("2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg")
    ]
    rects = pred[0, 0]["annorect"]
    assert rects.shape == (1, 3)
    points = rects[0, 2]["annopoints"][0, 0]["point"]
    assert points.shape == (1, 16)
    for number, point in enumerate(points[0]):
        assert point["id"].item() == number
        x, y = point["x"].item(), point["y"].item()
        np.testing.assert_allclose((x, y), joints[1, number] + 1)
    assert rects[0, 1]["annopoints"].size == 0, "the second is not evaluated"
    assert rects[0, 1]["x1"].item() == 5 and rects[0, 0]["x1"].size == 0
    assert rects[0, 2]["objpos"][0, 0]["x"].item() == 50
    assert pred[0, 0]["vidx"].item() == 7


def test_there_and_back_moves_nothing_but_the_origin(test, joints, tmp_path):
    submission.write_submission(tmp_path / "pred.mat", test, joints)
    back = submission.check_submission(tmp_path / "pred.mat", test)
    np.testing.assert_allclose(back, joints + 1)


@pytest.mark.parametrize(
    "spoil, says",
    [
        (lambda rect: rect.__setitem__("annopoints", EMPTY), "person 1 of 3.jpg"),
        (
            lambda rect: rect.__setitem__("scale", np.array([[1.0]])),
            "person 1 of 3.jpg",
        ),
        (lambda rect: rect.__setitem__("objpos", EMPTY), "`objpos` and `scale`"),
        (
            lambda rect: rect["annopoints"][0, 0]["point"][0, 3].__setitem__("id", 4),
            "joints 0 to 15 once each",
        ),
        (
            lambda rect: rect["annopoints"][0, 0]["point"][0, 3].__setitem__(
                "x", np.array([[np.nan]])
            ),
            "not finite",
        ),
    ],
)
def test_a_file_that_the_server_would_misread_is_refused(
    test, joints, tmp_path, spoil, says
):
    submission.write_submission(tmp_path / "pred.mat", test, joints)
    held = scipy.io.loadmat(tmp_path / "pred.mat")
    spoil(held["pred"][0, 1]["annorect"][0, 0])
    scipy.io.savemat(tmp_path / "spoilt.mat", {"pred": held["pred"]})
    with pytest.raises(DatasetError, match=says):
        submission.check_submission(tmp_path / "spoilt.mat", test)


def test_other_images_are_refused(test, joints, tmp_path):
    submission.write_submission(tmp_path / "pred.mat", test, joints)
    held = scipy.io.loadmat(tmp_path / "pred.mat")
    scipy.io.savemat(tmp_path / "few.mat", {"pred": held["pred"][:, 1:]})
    with pytest.raises(DatasetError, match="must have the 5 test images"):
        submission.check_submission(tmp_path / "few.mat", test)


@pytest.mark.parametrize(
    "images, says",
    [
        (
            {"1.jpg": IMAGES["1.jpg"], "6.jpg": IMAGES["6.jpg"]},
            "no people to",
        ),
        ({"1.jpg": (0, [rect(9)], 2), "6.jpg": IMAGES["6.jpg"]}, "no person 2"),
    ],
)
def test_an_annotation_without_test_people_is_refused(tmp_path, images, says):
    with pytest.raises(DatasetError, match=says):
        testset.TestSet(write(tmp_path, images) / mat_format.NAMES[0])


def test_joints_of_the_network_may_be_spelled_otherwise(tmp_path):
    names = [name.replace("_", " ").title() for name in MPII.joints]
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(1, **size, skeleton=Skeleton(names))
    test = save_mpii_submission(model, write(tmp_path), tmp_path / "pred.mat")
    assert len(test.people) == 4 and (tmp_path / "pred.mat").is_file()


def test_the_command_writes_a_file_that_is_checked(tmp_path):
    root, output = write(tmp_path), tmp_path / "pred.mat"
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    network, coco = tmp_path / "model.keras", tmp_path / "coco.keras"
    StackedHourglass(stacks=1, **size).save(network)
    StackedHourglass(stacks=1, skeleton="coco", **size).save(coco)

    def call(model, status=0):
        command = ["submit-mpii", model, "--root", root, "--output", output, "--flip"]
        result = CliRunner().invoke(cli.main, [str(part) for part in command])
        assert result.exit_code == status, result.output
        return result.output

    said = call(network)
    assert "4 people of 5 test images" in said and "1 listed people" in said
    test = testset.TestSet(root / mat_format.NAMES[0])
    joints = submission.check_submission(output, test)
    half = 1.25 * 200 * 2 / 2  # of the window, around objpos and 15 x scale below
    assert (np.abs(joints[0] - (30, 60 + 30)) <= half + 10).all()
    assert "lacks ['head_top'" in call(coco, status=1)
    kept = output.read_bytes()
    (root / "images/3.jpg").unlink()
    assert "1 of 3 test images are missing" in call(network, status=1)
    (root / "images/3.jpg").write_text("no image")
    assert "cannot be read" in call(network, status=1)
    assert output.read_bytes() == kept
