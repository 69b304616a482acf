"""Everything that can be wrong with a dataset is found, and nothing else."""

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.checks import (
    HARMLESS,
    PROBLEMS,
    check_people,
    duplicates,
    sides,
)
from keras_hourglass.data.checks.images import inspect_image
from keras_hourglass.data.datasets import synthetic
from keras_hourglass.data.prepare import CropOptions, prepare
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.skeletons import MPII, Skeleton


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A prepared folder of ten people with nothing wrong."""
    folder = tmp_path_factory.mktemp("clean") / "ten"
    prepare(synthetic.load_synthetic("10")[:10], folder, CropOptions(64, 60))
    return folder


@pytest.fixture
def folder(clean, tmp_path):
    """The same to do harm to, and what may be changed of its people."""
    shutil.copytree(clean, tmp_path / "ten")
    return tmp_path / "ten"


def people_of(folder):
    return json.loads((folder / "annotations.json").read_text())


def report(folder, **kwargs):
    with collect_faults() as faults:
        people = datasets.load_dataset("crops", folder, missing="keep")
    return check_people(people, faults, **kwargs)


def kinds(found):
    return {kind for kind, cases in found.problems.items() if cases}


def test_a_clean_folder_has_nothing_wrong(clean):
    found = report(clean)
    assert not found.failed and not kinds(found)
    assert found.counts["people"] == found.counts["images"] == 10
    assert found.counts["train"] == 10 and found.counts["labeled_joints"] == 160
    assert {*found.problems} == {*PROBLEMS}


def harm(folder, kind):
    whole = people_of(folder)
    person = whole["people"][3]
    image = folder / "images" / person["image"]
    if kind == "unusable":
        person["side"] = "wide"
    elif kind == "missing":
        image.unlink()
    elif kind == "broken":
        image.write_bytes(image.read_bytes()[:-200])
    elif kind == "joints_outside":
        person["joints"][5] = [500, 20]
    elif kind == "joints_at_zero":
        person["joints"][5] = [0, 0]
    elif kind == "no_head_size":
        person["head_size"] = 0
    elif kind == "swapped_sides":
        person["joints"] = exchange(person["joints"])
    elif kind == "duplicate_people":
        joints = (np.array(person["joints"]) + 0.3).tolist()
        whole["people"].append({**person, "joints": joints})
    elif kind == "duplicate_images":
        shutil.copy(image, image.with_name("copy.jpg"))
        whole["people"][4]["image"] = "copy.jpg"
    elif kind == "rotated":
        turn(image)
    (folder / "annotations.json").write_text(json.dumps(whole))


def exchange(joints):
    """Hips that are broad, with left and right exchanged below broad shoulders."""
    joints = 2 * np.array(joints)
    joints[[12, 13]] = [[20, 30], [60, 30]]
    joints[[2, 3]] = [[55, 80], [25, 80]]
    joints[[1, 4]] = [[55, 110], [25, 110]]
    joints[[11, 14]] = [[15, 50], [65, 50]]
    return (joints / 2).tolist()


def turn(image):
    data = image.read_bytes()
    body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
    length = (len(body) + 2).to_bytes(2, "big")
    image.write_bytes(data[:2] + b"\xff\xe1" + length + body + data[2:])


SIZES = {  # kind of problem -> listed size, from that of the file
    "scaled_sizes": lambda width, height: (width / 2, height / 2),
    "swapped_sizes": lambda width, height: (height, width),
    "other_sizes": lambda width, height: (width, 3 * height),
}


@pytest.mark.parametrize("kind", SIZES)
def test_images_of_another_size_than_listed_are_found_by_kind(folder, kind):
    path = folder / "images" / "000003.jpg"
    wide = cv2.copyMakeBorder(cv2.imread(str(path)), 0, 0, 0, 20, cv2.BORDER_CONSTANT)
    cv2.imwrite(str(path), wide)
    height, width = wide.shape[:2]
    with collect_faults() as faults:
        people = datasets.load_dataset("crops", folder, missing="keep")
    row = [*people.images].index(str(path))
    people.listed_sizes[row] = width, height
    assert not kinds(check_people(people, faults))
    people.listed_sizes[row] = SIZES[kind](width, height)
    found = check_people(people, faults)
    assert kinds(found) == {kind} and found.failed
    (case,) = found.problems[kind]
    assert "000003.jpg: " in case and f"{width} x {height} in the file" in case
    rescaled = check_people(people, faults, rescale=True)
    assert bool(rescaled.problems[kind]) == (kind != "scaled_sizes")
    assert "1 of 10 images do not have the size" in rescaled.notes[-1]


@pytest.mark.parametrize("kind", sorted(PROBLEMS.keys() - SIZES))
def test_each_kind_of_harm_is_found_by_itself_and_named(folder, kind):
    harm(folder, kind)
    found = report(folder)
    assert kinds(found) == {kind} and found.failed == (kind not in HARMLESS)
    (case,) = found.problems[kind]
    assert "copy.jpg" in case if kind == "duplicate_images" else "000003.jpg" in case


def test_headers_alone_tell_all_but_damage_within(folder):
    image = folder / "images" / "000003.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), "uint8")
    stored = bytearray(cv2.imencode(".png", noise)[1].tobytes())
    stored[900:1000] = bytes(100)
    image.write_bytes(stored)
    assert kinds(report(folder)) == {"broken"}
    assert not kinds(report(folder, decode=False))
    harm(folder, "joints_outside")
    assert kinds(report(folder, decode=False)) == {"joints_outside"}


@pytest.mark.parametrize("decode", [True, False])
def test_the_size_of_an_image_is_that_of_the_upright_image(tmp_path, decode):
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), np.zeros((20, 30, 3), "uint8"))
    assert inspect_image(str(path), decode)[:2] == ((30, 20), False)
    data = path.read_bytes()
    body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    length = (len(body) + 2).to_bytes(2, "big")
    path.write_bytes(data[:2] + b"\xff\xe1" + length + body + data[2:])
    assert inspect_image(str(path), decode)[:2] == ((20, 30), True)


def test_a_folder_is_a_broken_image_and_not_a_missing_one(tmp_path):
    assert inspect_image(str(tmp_path / "nothing.jpg")).missing
    assert "not a regular file" in inspect_image(str(tmp_path)).fault


def test_progress_counts_every_image(clean):
    steps = []
    report(clean, advance=steps.append, threads=3)
    assert sum(steps) == 10


def test_synthetic_people_have_no_files_to_check():
    found = check_people(synthetic.load_synthetic("10")[:10])
    assert not found.failed and found.counts["people"] == 10


EXCHANGES = {  # what is exchanged -> how many of those that are broad are found
    "hips": ((2, 3),),
    "shoulders": ((12, 13),),
    "hips and legs": ((2, 3), (1, 4), (0, 5)),
    "shoulders and arms": ((12, 13), (11, 14), (10, 15)),
}


def exchanged(people, pairs):
    order = np.arange(16)
    for a, b in pairs:
        order[[a, b]] = order[[b, a]]
    return replace(people, joints=people.joints[:, order])


@pytest.mark.parametrize("pairs", EXCHANGES.values(), ids=EXCHANGES)
def test_most_people_who_face_some_way_are_found_when_swapped_and_few_otherwise(
    annotated, pairs
):
    people = annotated[::5]
    ways = np.abs(sides.facing(people)).min(1)
    broad = ways > sides.MIN_WIDTH
    found = np.zeros(len(people), bool)
    found[[*sides.swapped_sides(exchanged(people, pairs))]] = True
    assert broad.sum() > 1000 and found[broad].mean() > 0.97
    assert len(sides.swapped_sides(people)) < 0.02 * len(people)


@pytest.mark.parametrize("pair", [(1, 4), (11, 14)], ids=["knees", "elbows"])
def test_of_exchanged_knees_or_elbows_those_far_apart_are_found(annotated, pair):
    people = annotated[::5]
    found = len(sides.swapped_sides(exchanged(people, [pair])))
    assert found > 0.2 * len(people)


def test_a_dataset_with_all_sides_swapped_is_recognized(annotated):
    assert sides.mirrored_throughout(annotated) is None
    everything = [
        pair for pair in enumerate(annotated.skeleton.flip_indices) if pair[0] < pair[1]
    ]
    said = sides.mirrored_throughout(exchanged(annotated, everything))
    assert "whole dataset" in said


def test_a_skeleton_without_shoulders_is_not_judged(clean):
    people = datasets.load_dataset("crops", clean).to_skeleton(
        Skeleton(("neck", "left_hip", "right_hip"))
    )
    assert not sides.swapped_sides(people) and sides.mirrored_throughout(people) is None


def test_an_animal_with_shoulders_and_hips_is_not_judged(drawn):
    people = exchanged(drawn, EXCHANGES["hips"])
    names = ["withers" if name == "thorax" else name for name in MPII.joints]
    animals = replace(people, skeleton=Skeleton(tuple(names)))
    assert sides.swapped_sides(people) and not sides.swapped_sides(animals)


def test_two_people_of_an_image_are_not_the_same_one(annotated):
    few = annotated[:400]
    assert not duplicates.duplicate_people(few)
    assert duplicates.duplicate_images({"a": b"1", "b": b"2", "c": b"1"}) == {"c": "a"}
