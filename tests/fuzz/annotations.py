"""python annotations.py FIRST COUNT FOLDER: damaged annotation files of every dataset.

Each gives people whose numbers are usable, or a `DatasetError` that names the file.
Anything else is printed with its number, of which all follows, and the file is kept.
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from random import Random
from time import perf_counter

import h5py
import numpy as np
import scipy.io
from mutate import damaged, odd

from keras_hourglass.data import datasets
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import MAX_COORDINATE, collect_faults
from keras_hourglass.skeletons import COCO, MPII

LONG = 30  # seconds that no file may take
JOINTS = np.random.default_rng(0).uniform(1, 300, (16, 2)).round(1).tolist()


def crops():
    one = {"image": "1.jpg", "joints": JOINTS, "present": [1] * 16}
    full = {"scores": [0.5] * 16, "center": [90, 80], "side": 200, "head_size": 20}
    people = [one, {**one, **full, "split": "val"}]
    return {"joint_names": list(MPII.joints), "people": people}


def community():
    one = {
        "img_paths": "1.jpg",
        "objpos": [90.0, 80.0],
        "scale_provided": 1.5,
        "joint_self": [[*joint, 1.0] for joint in JOINTS],
        "isValidation": 0.0,
    }
    return [one, {**one, "isValidation": 1.0}]


def coco():
    person = {"image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [20, 30, 90, 200]}
    points = [number for joint in [*JOINTS, JOINTS[0]] for number in (*joint, 2)]
    one = {**person, "id": 1, "num_keypoints": 17, "keypoints": points}
    return {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 320, "height": 320}],
        "annotations": [one, {**one, "id": 2, "iscrowd": 1}],
        "categories": [
            {
                "id": 1,
                "name": "person",
                "keypoints": [*COCO.joints],
                "skeleton": [[1, 2]],
            }
        ],
    }


def labelme():
    shapes = [
        {"label": name, "points": [joint], "group_id": group, "shape_type": "point"}
        for group in (1, 2)
        for name, joint in zip(MPII.joints, JOINTS)
    ]
    box = {"label": "person", "points": [[9, 9], [300, 300]], "group_id": 1}
    shapes.append({**box, "shape_type": "rectangle"})
    return {"version": "5.5.0", "shapes": shapes, "imagePath": "1.jpg"}


def hrnet():
    one = {"image": "1.jpg", "center": [90.0, 80.0], "scale": 1.5}
    return [{**one, "joints": JOINTS, "joints_vis": [1] * 16}] * 2


def deeplabcut(path, compressed):
    names = [joint for joint in MPII.joints for _ in "xy"]
    row = [str(number) for joint in JOINTS for number in joint]
    lines = [
        ["scorer", *["lab"] * 64],
        ["individuals", *["one"] * 32, *["two"] * 32],
        ["bodyparts", *names, *names],
        ["coords", *"xy" * 32],
        ["labeled-data/clip/1.jpg", *row, *row],
        ["labeled-data/clip/2.jpg", *row, *[""] * 32],
    ]
    path.write_text("\n".join(map(",".join, lines)))


def own(path, compressed):
    names = [f"{joint}_{axis}" for joint in MPII.joints for axis in "xy"]
    row = [str(number) for joint in JOINTS for number in joint]
    lines = [
        ["image", *names, "split"],
        ["1.jpg", *row, "train"],
        ["2.jpg", *row, "val"],
    ]
    path.write_text("\n".join(map(",".join, lines)))


def official(path, compressed):
    point = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(JOINTS)]
    rect = {"annopoints": {"point": point}, "objpos": {"x": 90, "y": 80}, "scale": 1.5}
    rect |= {"x1": 50, "y1": 20, "x2": 70, "y2": 40}
    image = {"image": {"name": "1.jpg"}, "annorect": [rect, rect]}
    release = {"annolist": [image, image], "img_train": [1, 1]}
    scipy.io.savemat(path, {"RELEASE": release}, do_compression=compressed)


def lsp(path, compressed):
    held = np.random.default_rng(0).uniform(0, 100, (3, 14, 20))
    scipy.io.savemat(path, {"joints": held}, do_compression=compressed)


def torch(path, compressed):
    with h5py.File(path, "w") as file:
        file["imgname"] = np.zeros((3, 16)) + [*b"015601864.jpg", 0, 0, 0]
        file["index"] = file["person"] = np.zeros(3)
        file["center"], file["scale"] = np.full((3, 2), 90.0), np.ones(3)
        file["part"] = np.array([JOINTS] * 3)
        file["normalize"] = np.full(3, 20.0)


JSONS = {  # file -> its dataset, what it says
    "annotations.json": ("crops", crops()),
    "mpii_annotations.json": ("mpii", community()),
    "person_keypoints.json": ("coco", coco()),
    "people.json": ("own", crops()),
    "1.json": ("labelme", labelme()),
    "valid.json": ("hrnet", hrnet()),
}
BINARIES = {  # file -> its dataset, what writes it
    "mpii_human_pose_v1_u12_1.mat": ("mpii", official),
    "joints.mat": ("lsp", lsp),
    "train.h5": ("mpii", torch),
    "people.csv": ("own", own),
    "CollectedData_lab.csv": ("deeplabcut", deeplabcut),
}


def write(folder, random, whole):
    """A damaged file -> the dataset that reads it."""
    if random.random() < 0.6:
        name = random.choice([*JSONS])
        dataset, said = JSONS[name]
        if random.random() < 0.8:
            content = json.dumps(odd(said, random)).encode()
        else:
            content = damaged(json.dumps(said).encode(), random)
    else:
        # Few of the first: each takes a process of its own.
        name = random.choices([*BINARIES], (1, 20, 20, 20, 20))[0]
        dataset, content = (
            BINARIES[name][0],
            damaged(random.choice(whole[name]), random),
        )
    (folder / name).write_bytes(content)
    return dataset, folder / name


def check(dataset, path):
    """Loads the file in both ways: to the first fault, and with all of them."""
    counted = 0
    for collecting in (nullcontext([]), collect_faults()):
        began = perf_counter()
        try:
            with collecting as faults:
                people = datasets.load_dataset(dataset, path.parent, missing="keep")
        except DatasetError as error:
            assert str(path.parent) in str(error), f"which file? {error}"
        else:
            counted += len(people)
            for numbers in (
                people.joints,
                people.centers,
                people.sides,
                people.head_sizes,
            ):
                assert (np.abs(numbers) <= MAX_COORDINATE).all()
            assert (people.sides > 0).all() and (people.head_sizes >= 0).all()
            assert all(str(path.parent) in name for name in people.images)
            for name, wrong in faults:
                assert str(path) in name and wrong, f"which person? {name}: {wrong}"
        assert perf_counter() - began < LONG, "it took too long"
    return counted


def main(first, count, folder):
    whole, used, wrong = {}, 0, 0
    for name, (_, make) in BINARIES.items():
        for compressed in (False, True):
            make(folder / name, compressed)
            whole.setdefault(name, []).append((folder / name).read_bytes())
        (folder / name).unlink()
    for number in range(first, first + count):
        dataset, path = write(folder, Random(number), whole)
        try:
            used += check(dataset, path)
            path.unlink()
        except Exception as error:
            wrong += 1
            print(f"{number} {path}: {type(error).__name__}: {str(error)[:300]}")
            path.rename(folder / f"{number}.{path.name}")
    print(f"{count} damaged annotations: {used} people read, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) > 0)
