"""Writes the files of this folder. Runs with keras-hourglass 0.1 alone.

git checkout 2d15278 && python tests/golden/v0_1/make.py
"""

import json
import tempfile
import zipfile
from pathlib import Path

import cv2
import keras
import numpy as np

from keras_hourglass import StackedHourglass
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.skeletons import MPII
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.trainer import Trainer

HERE = Path(__file__).parent
NETWORK = {"stacks": 2, "filters": 8, "stem_filters": 2, "depth": 1}


def one_of_each_block():
    """`NAME.keras`, and what each makes of one image."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, 32, 24, 3), "uint8")
    answers = {"images": images}
    for name in BLOCKS:
        model = StackedHourglass(
            block=name, image_size=(32, 24), offset=(0.25, -0.5), **NETWORK
        )
        for weight in model.weights:
            size = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 16
            value = random.normal(0, 1 / np.sqrt(size), weight.shape)
            if "variance" in weight.path or "gamma" in weight.path:
                value = 1 + np.abs(value)
            weight.assign(value.astype("float32"))
        model.save(HERE / f"{name}.keras")
        answers[name] = model.predict(images, verbose=0)
    np.savez_compressed(HERE / "heatmaps.npz", **answers)


def a_run():
    """`best.keras` and `last.keras` of a run of one epoch, and its `run.json`."""
    with tempfile.TemporaryDirectory() as work:
        data, random, listed = Path(work) / "noise", np.random.default_rng(0), []
        (data / "images").mkdir(parents=True)
        for number in range(6):
            pixels = random.integers(0, 256, (48, 48, 3), dtype="uint8")
            cv2.imwrite(str(data / f"images/{number}.png"), pixels)
            split = "train" if number < 4 else "val"
            joints = random.uniform(8, 40, (16, 2)).tolist()
            listed.append({"image": f"{number}.png", "joints": joints, "split": split})
        contents = {"joint_names": MPII.joints, "people": listed}
        (data / "annotations.json").write_text(json.dumps(contents))
        recipe = Recipe(
            epochs=2,
            batch_size=2,
            learning_rate=0.01,
            average=0.5,
            network={**NETWORK, "stacks": 1, "image_size": 32},
        )
        run = Trainer(
            TrainConfig(recipe, (DatasetSpec("crops", str(data)),), seed=3),
            HERE / "run",
        )
        run.train()
    model = keras.models.load_model(HERE / "run/best.keras", compile=False)
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), "uint8")
    answers = {"images": images, "best": model.predict(images, verbose=0)}
    model = keras.models.load_model(HERE / "run/last.keras", compile=False)
    answers["last"] = model.predict(images, verbose=0)
    np.savez_compressed(HERE / "run/heatmaps.npz", **answers)
    for name in ("history.csv", "predictions.png"):
        (HERE / "run" / name).unlink()
    for event in (HERE / "run/logs").iterdir():
        event.unlink()
    (HERE / "run/logs").rmdir()


def deflate(path):
    """Packs the entries of a `.keras` file again: Keras stores them uncompressed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


if __name__ == "__main__":
    one_of_each_block()
    a_run()
    for file in HERE.rglob("*.keras"):
        deflate(file)
