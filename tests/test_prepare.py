"""Preparing a folder of crops, with interruptions and damaged files."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.prepare import CropOptions, prepare, require_outside
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils import Interrupted

SMALL = CropOptions(size=64)


@pytest.fixture(scope="module")
def originals(shared):
    """Forty people of MPII with their photographs."""
    return datasets.load_dataset("mpii", shared / "mpii", missing="skip")[:40]


@pytest.fixture(scope="module")
def few(originals):
    return originals[:12]


@pytest.fixture(scope="module")
def folder(originals, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared") / "of mpii"
    assert prepare(originals, folder).written == 40
    return folder


@pytest.fixture(scope="module")
def again(folder):
    return datasets.load_dataset("crops", folder)


def test_everything_about_people_is_the_same_on_the_original(originals, again, folder):
    assert again.skeleton is originals.skeleton
    assert again.splits.tolist() == originals.splits.tolist()
    np.testing.assert_array_equal(again.weights, originals.weights)
    for i, person in enumerate(
        json.loads((folder / "annotations.json").read_text())["people"]
    ):
        factor = np.array(person["crop_factor"])
        back = (again.joints[i] + 0.5) / factor - 0.5 + person["crop_offset"]
        used = again.weights[i] > 0
        np.testing.assert_allclose(back[used], originals.joints[i][used], atol=0.01)
        assert again.sides[i] / factor[0] == pytest.approx(originals.sides[i], 1e-5)
        assert again.head_sizes[i] / factor[0] == pytest.approx(
            originals.head_sizes[i], 1e-5
        )


def test_a_sample_is_that_of_the_original(originals, again):
    differences = []
    for i in range(0, 40, 3):
        image, label = sample(originals, i)
        image_again, label_again = sample(again, i)
        used = label[:, 2] > 0
        np.testing.assert_allclose(label_again[used], label[used], atol=1e-3)
        blurred = [cv2.blur(x, (3, 3)).astype(int) for x in (image, image_again)]
        differences.append(np.abs(np.subtract(*blurred)).mean())
    assert np.mean(differences) < 3 and np.max(differences) < 6


def sample(people, row):
    sampler = Preprocessor(people, (256, 256), (64, 64))
    view = sampler.sample_params([(0, row)])[0]
    return sampler.sample(decoding.read_region(people.images[row]), row, view)


def test_each_image_is_decoded_once(few, tmp_path, monkeypatch):
    paths = []

    def read(path):
        paths.append(path)
        return whole(path)

    whole = decoding.read_image
    monkeypatch.setattr(decoding, "read_image", read)
    prepare(few, tmp_path / "new", SMALL)
    assert sorted(paths) == sorted({*few.images})
    assert len(paths) < len(few)


def test_drawn_people_can_be_prepared_too(drawn, tmp_path):
    prepare(drawn, tmp_path / "new", SMALL)
    again = datasets.load_dataset("crops", tmp_path / "new")
    assert len(again) == len(drawn)
    image, label = sample(again, 3)
    region = decoding.whole_region(drawn.readers[3](drawn.images[3]))
    sampler = Preprocessor(drawn, (256, 256), (64, 64))
    _, expected = sampler.sample(region, 3, sampler.sample_params([(0, 3)])[0])
    np.testing.assert_allclose(label, expected, atol=1e-3)


def test_the_second_time_nothing_is_done(few, tmp_path):
    prepare(few, tmp_path / "new", SMALL)
    before = stamps(tmp_path)
    steps = []
    done = prepare(few, tmp_path / "new", SMALL, advance=steps.append)
    assert done == (0, 12, {}) and sum(steps) == 12 and stamps(tmp_path) == before


def test_the_number_of_threads_changes_nothing(few, tmp_path):
    for threads in (1, 3):
        prepare(few, tmp_path / str(threads), SMALL, threads=threads)
    for path in (tmp_path / "1").rglob("*.*"):
        twin = tmp_path / "3" / path.relative_to(tmp_path / "1")
        assert twin.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("change", ["size", "people"])
def test_another_dataset_or_size_into_the_same_folder_is_refused(few, tmp_path, change):
    prepare(few, tmp_path / "new", SMALL)
    before = stamps(tmp_path)
    people = few if change == "size" else few[1:9]
    with pytest.raises(DatasetError, match="differ: "):
        prepare(
            people, tmp_path / "new", CropOptions(96) if change == "size" else SMALL
        )
    assert stamps(tmp_path) == before


@pytest.fixture
def fish(tmp_path):
    """Two fish in photographs of one name, in two folders."""
    for day in ("monday", "tuesday"):
        (tmp_path / "images" / day).mkdir(parents=True)
        path = tmp_path / "images" / day / "1.png"
        cv2.imwrite(str(path), np.zeros((60, 60, 3), "uint8"))
    row = {"joints": [[9, 9], [30, 20]], "weights": [1, 1], "visible": [1, 0]}
    row |= {"center": [20, 15], "side": 40, "area": 300}
    rows = [
        {**row, "image": str(tmp_path / "images" / day / "1.png")}
        for day in ("monday", "tuesday")
    ]
    return from_rows(Skeleton(("eye", "fin"), [("eye", "fin")]), rows)


def test_photographs_of_one_name_keep_apart(fish, tmp_path):
    prepare(fish, tmp_path / "new", SMALL)
    people = datasets.load_dataset("crops", tmp_path / "new")
    assert people.photographs.tolist() == ["monday/1.png", "tuesday/1.png"]
    assert [*map(len, people.split(val_share=0.5))] == [1, 1]


@pytest.mark.parametrize("column", ["visible", "areas", "box_sizes", "limbs"])
def test_other_attributes_into_the_same_folder_are_refused(fish, tmp_path, column):
    prepare(fish, tmp_path / "new", SMALL)
    if column == "limbs":
        changed = replace(fish, skeleton=Skeleton(fish.skeleton.joints))
    else:
        changed = replace(fish, **{column: getattr(fish, column) + 1})
    with pytest.raises(DatasetError, match="differ: attributes"):
        prepare(changed, tmp_path / "new", SMALL)


def test_a_finished_folder_of_an_earlier_version_is_known(fish, tmp_path):
    prepare(fish, tmp_path / "new", SMALL)
    path = tmp_path / "new" / "annotations.json"
    contents = json.loads(path.read_text())
    del contents["prepared"]["attributes"]
    path.write_text(json.dumps(contents))
    assert prepare(fish, tmp_path / "new", SMALL) == (0, 2, {})


def test_ctrl_c_keeps_the_work_so_far(few, tmp_path):
    def stop(count):
        if any((tmp_path / "new/images").glob("[0-9]*")):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="of 12 people are kept.*same command"):
        prepare(few, tmp_path / "new", SMALL, threads=1, advance=stop)
    done = prepare(few, tmp_path / "new", SMALL)
    assert done.existing > 0 and done.existing + done.written == 12


CHILD = """
import sys, time
import keras_hourglass as kh
from keras_hourglass.data.prepare import CropOptions, prepare
people = kh.load_dataset("mpii", sys.argv[1], missing="skip")[:12]
wait = lambda count: time.sleep(0.2)
prepare(people, sys.argv[2], CropOptions(64), threads=2, advance=wait)
"""


def test_killed_in_the_middle_it_goes_on_and_ends_as_if_unbroken(shared, few, tmp_path):
    new = tmp_path / "new"
    command = [sys.executable, "-c", CHILD, str(shared / "mpii"), str(new)]
    child = subprocess.Popen(command)
    while not (new / "unfinished.jsonl").exists() or lines(new) < 5:
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not (new / "annotations.json").exists()
    done = prepare(few, new, SMALL)
    assert 0 < done.existing < 12 and done.existing + done.written == 12
    prepare(few, tmp_path / "unbroken", SMALL)
    for path in (tmp_path / "unbroken").rglob("*.*"):
        twin = new / path.relative_to(tmp_path / "unbroken")
        assert twin.read_bytes() == path.read_bytes()


def test_a_broken_image_is_named_or_left_out_and_counted(few, tmp_path):
    people = few[np.arange(6)]
    people.images[2] = str(tmp_path / "text.jpg")
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(ImageDecodeError, match="person .*text.jpg.*`broken='skip'`"):
        prepare(people, tmp_path / "new", SMALL)
    done = prepare(people, tmp_path / "new", SMALL, broken="skip")
    assert [*done.failures] == [people.images[2]]
    assert done.existing + done.written == 5
    assert len(datasets.load_dataset("crops", tmp_path / "new")) == 5


def test_where_no_image_can_be_read_no_folder_is_called_whole(few, tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    people = few[np.arange(2)]
    people.images[:] = str(tmp_path / "text.jpg")
    with pytest.raises(ImageDecodeError, match="no image can be read"):
        prepare(people, tmp_path / "new", SMALL, broken="skip")
    assert not (tmp_path / "new/annotations.json").exists()


def test_a_failure_to_write_is_no_broken_image(few, tmp_path, monkeypatch):
    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr("keras_hourglass.data.prepare.atomic_write", full)
    with pytest.raises(OSError, match="no space left"):
        prepare(few, tmp_path / "new", SMALL, broken="skip")


def test_the_output_lies_outside_of_the_dataset(tmp_path):
    (tmp_path / "mpii").mkdir()
    assert require_outside(tmp_path / "crops", tmp_path / "mpii") == tmp_path / "crops"
    assert require_outside(tmp_path / "crops", "12") == tmp_path / "crops"
    for inner in ("mpii", "mpii/images", "mpii/../mpii/new"):
        with pytest.raises(DatasetError, match="must lie outside"):
            require_outside(tmp_path / inner, tmp_path / "mpii")
        with pytest.raises(DatasetError, match="must lie outside"):
            require_outside(tmp_path / inner, None, images=tmp_path / "mpii")


@pytest.mark.parametrize("name", ["people.json", "annotations/val.json"])
def test_the_folder_of_a_dataset_of_one_file_is_the_one_around_it(tmp_path, name):
    path = tmp_path / "data" / name
    path.parent.mkdir(parents=True)
    path.touch()
    assert require_outside(tmp_path / "crops", path) == tmp_path / "crops"
    with pytest.raises(DatasetError, match="must lie outside"):
        require_outside(tmp_path / "data" / "crops", path)


def stamps(folder):
    files = filter(Path.is_file, folder.rglob("*"))
    return {path: path.stat().st_mtime_ns for path in files}


def lines(folder):
    return len((folder / "unfinished.jsonl").read_text().splitlines())


def test_a_skeleton_of_its_own_is_kept_with_limbs_and_flip_pairs(tmp_path):
    fish = {"limbs": [["eye", "port fin"]], "flip_pairs": [["Port Fin", "starboard"]]}
    listed = {"joint_names": ["eye", "port fin", "starboard"], "skeleton": fish}
    listed["people"] = [{"image": "1.png", "joints": [[9, 9], [30, 20], [20, 40]]}]
    (tmp_path / "people.json").write_text(json.dumps(listed))
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((60, 60, 3), "uint8"))
    people = datasets.load_dataset("own", tmp_path)
    assert people.skeleton.limbs == (("eye", "port fin"),)
    assert people.skeleton.flip_indices == (0, 2, 1)
    prepare(people, tmp_path / "crops")
    again = datasets.load_dataset("crops", tmp_path / "crops")
    assert again.skeleton == people.skeleton


@pytest.mark.parametrize(
    "skeleton, said",
    [
        ({"limbs": [["eye", "tail"]]}, "'tail'"),
        ({"limb": []}, "Did you mean 'limbs'"),
        ({"joints": ["eye", "ear"]}, "must have the joints of `joint_names`"),
        ("mpii", "must have the joints of `joint_names`"),
        ("fish.json", "must be an object, or one of"),
        (3, "must be an object, or one of"),
    ],
)
def test_a_skeleton_of_other_joints_is_refused(tmp_path, skeleton, said):
    listed = {"joint_names": ["eye", "fin"], "skeleton": skeleton, "people": []}
    (tmp_path / "people.json").write_text(json.dumps(listed))
    with pytest.raises(DatasetError, match=f"people.json .*{said}"):
        datasets.load_dataset("own", tmp_path)
