"""Training runs, at a size that takes seconds."""

import csv
import json
import signal
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest

from keras_hourglass.callbacks.diagnostics import NonFiniteError
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.data.pipeline.sharding import Shard
from keras_hourglass.skeletons import MPII
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.distribution import Distribution
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.runs import config_file
from keras_hourglass.training.runs.checkpoint import CheckpointCallback
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted

NETWORK = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
NETWORK["block"] = "tests>PointwiseBlock"
RECIPE = Recipe(
    epochs=2, batch_size=4, learning_rate=0.01, ema_span=0.5, network=NETWORK
)
SAVED = ("best.keras", "last.keras", "run.json")
CONFIG = TrainConfig(RECIPE, (DatasetSpec("synthetic", "8"),), seed=3)


@pytest.fixture(autouse=True)
def few_validate(monkeypatch, eager):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)


@pytest.fixture(autouse=True)
def messages(caplog):
    caplog.set_level("DEBUG", logger="keras_hourglass")
    return caplog


def train(train_config, folder):
    trainer = Trainer(train_config, folder)
    trainer.train()
    return trainer


def test_a_run_writes_networks_history_events_configuration_and_an_image(
    tmp_path, messages
):
    run = train(CONFIG, tmp_path / "run")
    files = {path.name for path in run.folder.iterdir()}
    assert files == {
        *("best.keras", "last.keras", "history.csv", "logs", "run.json"),
        "predictions.png",
    }
    best = keras.models.load_model(run.folder / "best.keras")
    assert best.get_config()["filters"] == 4
    with open(run.folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"] and "val_pckh" in rows[0]
    assert max(float(row["val_pckh"]) for row in rows) == pytest.approx(run.best.best)
    assert cv2.imread(str(run.folder / "predictions.png")).shape == (2 * 274, 1024, 3)
    assert {"predictions", "heatmaps"} == run.snapshot().keys()
    assert json.loads((run.folder / "run.json").read_text())["config"]["seed"] == 3
    assert messages.messages[-1].startswith("Best val_pckh")


def test_a_finished_run_has_nothing_left_to_do(tmp_path, messages):
    train(CONFIG, tmp_path)
    before = (tmp_path / "last.keras").read_bytes()
    train(CONFIG, tmp_path)
    assert "nothing is left" in messages.messages[-1]
    assert (tmp_path / "last.keras").read_bytes() == before


def test_ctrl_c_writes_a_checkpoint_and_says_how_to_go_on(tmp_path):
    run = Trainer(CONFIG, tmp_path / "run")
    run.snapshot = lambda: signal.raise_signal(signal.SIGINT) or {}
    with pytest.raises(Interrupted, match=f"`output='{tmp_path / 'run'}'`"):
        run.train()
    again = Trainer(CONFIG, tmp_path / "run")
    again.train()
    assert again.state.epochs == 2


def test_a_loss_of_nan_leaves_the_files_and_names_the_people(tmp_path, monkeypatch):
    run = Trainer(CONFIG, tmp_path)
    saved, on_epoch_end = {}, CheckpointCallback.on_epoch_end

    def ruin_after_first(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        saved.update({name: (tmp_path / name).read_bytes() for name in SAVED})
        run.model.get_layer("stem_convolution").bias.assign([np.nan] * 2)

    monkeypatch.setattr(CheckpointCallback, "on_epoch_end", ruin_after_first)
    with pytest.raises(NonFiniteError, match="batch 1 of epoch 2.*train [0-7], train"):
        run.train()
    assert saved == {name: (tmp_path / name).read_bytes() for name in SAVED}


def test_a_folder_of_another_configuration_is_refused_with_the_differences(tmp_path):
    config_file.write_config(tmp_path, CONFIG)
    other = replace(CONFIG, recipe=replace(RECIPE, batch_size=2), seed=4)
    with pytest.raises(ValueError, match="seed: 3, now 4; batch_size: 4, now 2"):
        Trainer(other, tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="must be a new folder"):
        Trainer(CONFIG, tmp_path)
    (tmp_path / config_file.CONFIG_FILE).write_text("{}")
    with pytest.raises(ValueError, match="is not a training run's"):
        Trainer(CONFIG, tmp_path)


def crops(folder, broken):
    """A prepared folder of four people, one of whose images may be broken."""
    (folder / "images").mkdir(parents=True)
    people = []
    for number in range(4):
        path = folder / f"images/{number}.jpg"
        cv2.imwrite(str(path), np.full((48, 48, 3), 60 * number, "uint8"))
        if number == 2 and broken:
            path.write_bytes(b"no image")
        joints = [[10 + 2 * i, 20] for i in range(16)]
        split = "val" if number == 3 else "train"
        people.append({"image": path.name, "joints": joints, "split": split})
    names = [name.replace("right_", "r_") for name in MPII.joints]
    listed = {"joint_names": names, "people": people}
    (folder / "annotations.json").write_text(json.dumps(listed))
    return DatasetSpec("crops", str(folder))


def test_a_broken_image_stops_training_by_its_name_unless_it_is_to_be_skipped(
    tmp_path, messages
):
    recipe = replace(RECIPE, batch_size=3, epochs=1)
    broken = TrainConfig(recipe, (crops(tmp_path / "data", broken=True),))
    with pytest.raises(ImageDecodeError, match="2.jpg.*`broken='skip'`"):
        train(broken, tmp_path / "stops")
    run = train(replace(broken, broken="skip"), tmp_path / "goes")
    assert run.state.epochs == 1
    assert any(
        "1 image could not be read" in line and "2.jpg" in line
        for line in messages.messages
    )


def test_people_fewer_than_a_batch_are_trained_in_one_and_that_is_said(
    tmp_path, messages
):
    recipe = replace(RECIPE, batch_size=16, epochs=1)
    run = train(replace(CONFIG, recipe=recipe), tmp_path)
    assert run.sampler.batch_size == 8 and run.sampler.steps == 1
    said = "8 people in an epoch, fewer than a batch of 16: batches have 8."
    assert said in messages.messages and run.state.epochs == 1


def test_few_validation_people_are_warned_of(tmp_path, messages):
    Trainer(CONFIG, tmp_path)
    (warning,) = [r.message for r in messages.records if r.levelname == "WARNING"]
    assert warning.startswith("4 people of synthetic validate, fewer than 20")


def test_an_epoch_of_several_devices_is_filled_evenly():
    distribution = Distribution(shard=Shard(devices=4))
    assert [distribution.fit_batch_size(8, n) for n in (100, 8, 7, 4)] == [8, 8, 4, 4]
    with pytest.raises(ValueError, match="for each of 4 devices.*3 people"):
        distribution.fit_batch_size(8, 3)
