"""Small annotation files of COCO, for tests."""

import json

import numpy as np

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.coco.person import MIN_JOINTS
from keras_hourglass.skeletons import COCO


def annotation(**fields):
    """A person with `MIN_JOINTS` joints, the first of them hidden."""
    keypoints = np.zeros((17, 3))
    keypoints[:MIN_JOINTS] = [[10 + i, 20 + i, 2] for i in range(MIN_JOINTS)]
    keypoints[0, 2] = 1
    return {
        "id": 77,
        "image_id": 5,
        "iscrowd": 0,
        "keypoints": keypoints.ravel().tolist(),
        "bbox": [10.5, 20, 40, 80],
        **fields,
    }


PERSON = {"id": 1, "name": "person", "keypoints": [*COCO.joints]}


def write(
    folder,
    *annotations,
    name="person_keypoints.json",
    images=None,
    categories=(PERSON,),
):
    if images is None:
        images = [{"id": 5, "file_name": "5.jpg"}]
    listed = {"images": images, "annotations": annotations, "categories": categories}
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(listed))
    return folder


def load(folder):
    return datasets.load_dataset("coco", folder, missing="keep")


def kept(**fields):
    """Joints 10 to 14 by 20 to 24: their window is 1.4 * 4 wide, centered on 12, 22."""
    entry = annotation(**{"id": 78, **fields})
    return {key: value for key, value in entry.items() if value is not ...}
