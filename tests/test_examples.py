"""Every example runs, at a size that takes seconds, and uses public names alone."""

import ast
import json
import runpy
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import keras_hourglass as kh

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
TINY = {"image_size": 64, "filters": 8}


def image_and_model(folder):
    """Writes an image and a network without training; returns their paths."""
    kh.StackedHourglass(stacks=1, stem_filters=4, **TINY).save(folder / "model.keras")
    person = kh.load_dataset("synthetic:1", split="train")[0]
    cv2.imwrite(str(folder / "photo.png"), person.reader(person.image)[..., ::-1])
    return folder / "photo.png", folder / "model.keras"


def predict_image(folder):
    photo, model = image_and_model(folder)
    box = [40, 30, 100, 140]
    return {"photo": photo, "model": model, "box": box, "output": folder / "joints.png"}


def mpii(folder):
    return {
        "root": 4,
        "dataset": "synthetic",  # the same steps without a download
        "output": str(folder / "best.keras"),
        "epochs": 1,
        **{**TINY, "stacks": 1, "stem_filters": 4, "depth": 2},
    }


def image_grid(folder):
    _, model = image_and_model(folder)
    person = {
        "image": "photo.png",
        "joints": [[60, 40]] * 16,
        "box": [40, 30, 100, 140],
    }
    joints = kh.load_dataset("synthetic:1").skeleton.joints
    content = {"joint_names": joints, "people": [person] * 2}
    (folder / "people.json").write_text(json.dumps(content))
    output = folder / "people.png"
    return {"dataset": "own", "root": folder, "output": output, "model": model}


def compare_saved_model(folder):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("export needs TensorFlow")
    _, model = image_and_model(folder)
    # Not black: heatmaps without structure have equal peaks.
    crops = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), "uint8")
    (result,) = kh.export_model(model, folder / "exported", crops=crops)
    return {"model": model, "version": result.path, "folder": folder}


def compare_tflite(folder):
    """A network with MoveNet's output: everyone's limbs at the same places."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("conversion needs TensorFlow")
    pytest.importorskip("ai_edge_litert")
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([1, 64, 64, 3], tf.int32)])
    def network(image):
        brightness = tf.reduce_mean(tf.cast(image, tf.float32)) / 255
        return tf.linspace([0.2, 0.5, 0.9], [0.8, 0.5, 0.9], 17)[None, None] + (
            0 * brightness
        )

    convert = tf.lite.TFLiteConverter.from_concrete_functions
    data = convert([network.get_concrete_function()]).convert()
    (folder / "network.tflite").write_bytes(data)
    model = image_and_model(folder)[1]
    return {
        "network": folder / "network.tflite",
        **{"dataset": "synthetic:8", "model": model},
    }


def calibrate_people(folder):
    write_coco = runpy.run_path(str(Path(__file__).with_name("test_end_to_end.py")))
    write_coco["write_dataset"](folder, images=2)
    model = image_and_model(folder)[1]
    return {
        **{"dataset": f"coco:{folder}", "model": model, "count": 2},
        "detector": lambda image: [[10, 10, 100, 200, 0.9]],
    }


def everyone(folder):
    photo, model = image_and_model(folder)
    return {
        **{"folder": photo.parent, "model": model, "output": folder / "everyone.jpg"},
        "detector": lambda image: [[40, 30, 100, 140]] * 2,
    }


def calibrate_joints(folder):
    network = kh.load_model("photo")
    network.save(folder / "photo.keras")
    places = {"model": folder / "photo.keras", "output": folder / "out.keras"}
    return {"dataset": "synthetic:40", "split": "train", **places}


SMALL = {  # example -> the arguments of its `main`, from a folder for its files
    "calibrate_joints.py": calibrate_joints,
    "calibrate_people.py": calibrate_people,
    "compare_saved_model.py": compare_saved_model,
    "compare_tflite.py": compare_tflite,
    "custom_block.py": lambda _: {**TINY, "people": 2, "epochs": 1},
    "everyone.py": everyone,
    "image_grid.py": image_grid,
    "mpii.py": mpii,
    "predict_image.py": predict_image,
    "synthetic_people.py": lambda _: {
        **TINY,
        **{"people": 4, "batch_size": 2, "epochs": 1},
    },
}
ELSEWHERE = {"serving_client.py"}  # needs a server: tests/serving


@pytest.fixture
def few_validation_people(monkeypatch):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)


@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES if path.name not in ELSEWHERE],
    ids=lambda path: path.name,
)
def test_example_runs(path, tmp_path, eager, few_validation_people):
    result = runpy.run_path(str(path))["main"](**SMALL[path.name](tmp_path))
    assert result is not None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_uses_public_names_alone(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("keras_hourglass")
        if isinstance(node, ast.Import):
            names = {alias.name: alias.asname for alias in node.names}
            for name in names:
                assert not name.startswith("keras_hourglass.")
            assert names.get("keras_hourglass", "kh") == "kh"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "kh" or node.attr in kh.__all__


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_is_short(path):
    most = {"mpii.py": 29}.get(path.name, 59)
    assert len(path.read_text().splitlines()) <= most


def test_keypoints_are_drawn_on_the_image(tmp_path):
    arguments = predict_image(tmp_path)
    (path,) = (path for path in EXAMPLES if path.name == "predict_image.py")
    (pose,) = runpy.run_path(str(path))["main"](**arguments)
    assert pose.joints.shape == (16, 2) and np.isfinite(pose.joints).all()
    assert cv2.imread(str(arguments["output"])).shape == (192, 192, 3)
