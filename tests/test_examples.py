"""Every example runs, at a size that takes seconds."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.skeletons import MPII

EXAMPLES = Path(__file__).parent.parent / "examples"
TINY = {"image_size": 64, "filters": 8}


def picture(folder):
    StackedHourglass(stacks=1, stem_filters=4, **TINY).save(folder / "model.keras")
    cv2.imwrite(str(folder / "photo.png"), draw_image(0, 0)[0])
    names = {"photo": folder / "photo.png", "model": folder / "model.keras"}
    return {**names, "box": [40, 30, 100, 140], "output": folder / "joints.png"}


def mpii(folder):
    return {
        "dataset": "synthetic",  # the way is the same, and nothing need be downloaded
        "root": 4,
        "output": folder / "run",
        **{**TINY, "stacks": 1, "stem_filters": 4, "depth": 2},
        **{"epochs": 1, "batch_size": 4},
    }


def people(folder):
    model = picture(folder)["model"]
    person = {
        "image": "photo.png",
        "joints": [[60, 40]] * 16,
        "box": [40, 30, 100, 140],
    }
    listed = {"joint_names": MPII.joints, "people": [person] * 2}
    (folder / "people.json").write_text(json.dumps(listed))
    output = str(folder / "people.png")
    return {"dataset": "own", "root": folder, "output": output, "model": model}


SMALL = {
    "custom_block.py": lambda _: {**TINY, "people": 2, "epochs": 1},
    "drawn_people.py": lambda _: {**TINY, "people": 4, "batch_size": 2, "epochs": 1},
    "joints_on_a_picture.py": picture,
    "mpii.py": mpii,
    "sheet_of_people.py": people,
}
ELSEWHERE = {"serving_client.py"}  # needs a server: tests/serving


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(EXAMPLES.glob("*.py")) if path.name not in ELSEWHERE],
    ids=lambda path: path.name,
)
def test_example_runs(path, tmp_path, eager):
    result = runpy.run_path(str(path))["main"](**SMALL[path.name](tmp_path))
    assert result is not None and len(path.read_text().splitlines()) < 60


def test_joints_lie_on_the_picture_that_is_drawn(tmp_path):
    arguments = picture(tmp_path)
    pose = runpy.run_path(str(EXAMPLES / "joints_on_a_picture.py"))["main"](**arguments)
    assert pose.joints.shape == (16, 2) and np.isfinite(pose.joints).all()
    assert cv2.imread(str(arguments["output"])).shape == (192, 192, 3)
