"""`.keras` files that version 0.1 wrote load, and give the same heatmaps."""

import json
from pathlib import Path
from zipfile import ZipFile

import keras
import numpy as np
import pytest

import keras_hourglass  # noqa: F401, registers the classes
from keras_hourglass.skeletons import MPII

FILES = Path(__file__).parent / "golden/v0_1"
BLOCKS = sorted(path.stem for path in FILES.glob("*.keras"))


def test_there_is_a_file_of_each_block():
    assert len(BLOCKS) == 6


@pytest.mark.parametrize("block", BLOCKS)
def test_network_of_each_block_gives_the_same_heatmaps(block):
    model = keras.models.load_model(FILES / f"{block}.keras")
    with np.load(FILES / "heatmaps.npz") as golden:
        heatmaps = model.predict_on_batch(golden["images"])
        np.testing.assert_allclose(heatmaps, golden[block], atol=1e-4, rtol=1e-4)
    assert model.offset == (0.25, -0.5)
    assert model.get_config()["block"] == block


@pytest.mark.parametrize("name", ["best", "last"])
def test_networks_of_a_run_give_the_same_heatmaps(name):
    model = keras.models.load_model(FILES / f"run/{name}.keras", compile=False)
    with np.load(FILES / "run/heatmaps.npz") as golden:
        heatmaps = model.predict_on_batch(golden["images"])
        np.testing.assert_allclose(heatmaps, golden[name], atol=1e-4, rtol=1e-4)


def test_loss_and_metric_of_a_run_are_restored():
    with ZipFile(FILES / "run/last.keras") as file:
        config = json.loads(file.read("config.json"))["compile_config"]
    restore = keras.saving.deserialize_keras_object
    metric, loss = restore(config["metrics"][0]), restore(config["loss"])
    assert metric.skeleton == MPII and metric.threshold == 0.5
    assert len(metric.variables) == 4 and loss.sigma == 1.0
