"""Resuming a run: any stop, and it ends as if there had been none."""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_hourglass.callbacks.diagnostics import NonFiniteError
from keras_hourglass.data.detection.augmentation import DETECTION_AUGMENTATIONS
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.training import build
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.precision import centering
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.runs import checkpoint, config_file, run_dir
from keras_hourglass.training.runs.checkpoint import (
    CheckpointCallback,
    EpochTimer,
    TrainState,
)
from keras_hourglass.training.runs.run_dir import HISTORY_FILE, LAST_FILE
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted

NETWORK = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
NETWORK["block"] = "tests>PointwiseBlock"
RECIPE = Recipe(
    epochs=2, batch_size=2, learning_rate=0.01, ema_span=0.5, network=NETWORK
)


@pytest.fixture
def train_config(noise, no_snapshots):
    return TrainConfig(RECIPE, (DatasetSpec("crops", str(noise)),), seed=3)


@pytest.fixture
def detect_config(no_snapshots, monkeypatch):
    """A detector on eight synthetic photographs."""
    module = "keras_hourglass.data.datasets.synthetic.photographs"
    monkeypatch.setattr(f"{module}.VALIDATION_COUNT", 4)
    augmentation = DETECTION_AUGMENTATIONS["detect"]
    recipe = replace(RECIPE, task="detect", augmentation=augmentation)
    return TrainConfig(recipe, (DatasetSpec("synthetic", "8"),), seed=3)


@pytest.fixture
def centered_config(train_config, monkeypatch):
    """Features are centered before each step, as of long runs before some."""
    monkeypatch.setattr(centering, "INTERVAL", 1)
    monkeypatch.setattr(centering, "SETTLING_STEPS", 0)
    recipe = train_config.recipe
    network = {**NETWORK, "block": "separable", "filters": 6}
    return replace(train_config, recipe=replace(recipe, network=network))


class Killed(Exception):
    """Stands for a kill: no checkpoint is written on its way."""


def train(train_config, folder, checkpoint_minutes=5.0):
    trainer = Trainer(train_config, folder, checkpoint_minutes)
    trainer.train()
    return trainer


def weights_in(folder, train_config):
    """All numbers of a checkpoint, the optimizer's too."""
    trainer = Trainer(train_config, folder)
    build.compile_model(trainer.model, train_config, trainer.sampler.steps)
    trainer.model.load_weights(folder / LAST_FILE)
    variables = trainer.model.optimizer.variables
    return [*trainer.model.get_weights(), *map(keras.ops.convert_to_numpy, variables)]


def history(folder):
    with open(folder / HISTORY_FILE, newline="") as file:
        return [
            {k: v for k, v in row.items() if "seconds" not in k and "wait" not in k}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("name", ["train_config", "detect_config", "centered_config"])
def test_a_run_stopped_anywhere_ends_where_an_unbroken_one_does(
    name, request, tmp_path, eager, monkeypatch, caplog
):
    train_config = request.getfixturevalue(name)
    caplog.set_level("INFO", logger="keras_hourglass")
    train(train_config, tmp_path / "whole")
    stops = {
        (0, 2): lambda: signal.raise_signal(signal.SIGINT),
        (1, 3): Killed,
    }
    on_train_batch_begin = CheckpointCallback.on_train_batch_begin
    on_epoch_end = CheckpointCallback.on_epoch_end

    def stop_here(self, batch, logs=None):
        place = self.state.epochs, self.first_step + batch
        stop = stops.pop(place, lambda: None)()
        on_train_batch_begin(self, batch, logs)
        if stop:
            raise stop

    def stop_in_validation(self, epoch, logs=None):
        if epoch == 0:
            signal.raise_signal(signal.SIGTERM)
        on_epoch_end(self, epoch, logs)

    monkeypatch.setattr(CheckpointCallback, "on_train_batch_begin", stop_here)
    monkeypatch.setattr(CheckpointCallback, "on_epoch_end", stop_in_validation)
    for place in ["epoch 0 of 2 and 2 of 4 steps", "epoch 1 of 2", "epoch 1 of 2"]:
        with pytest.raises((Interrupted, Killed)) as stopped:
            train(train_config, tmp_path / "broken", checkpoint_minutes=0)
        assert stopped.type is Killed or place in str(stopped.value)
    train(train_config, tmp_path / "broken")
    assert "Going on after epoch 0 of 2 and 2 of 4 steps." in caplog.messages
    assert "Going on after epoch 1 of 2 and 3 of 4 steps." in caplog.messages
    a, b = (weights_in(tmp_path / name, train_config) for name in ("whole", "broken"))
    for whole, broken in zip(a, b, strict=True):
        np.testing.assert_array_equal(whole, broken)
    assert history(tmp_path / "whole") == history(tmp_path / "broken")


def lengthened(train_config, epochs):
    return replace(train_config, recipe=replace(train_config.recipe, epochs=epochs))


def test_a_lengthened_run_that_is_killed_ends_where_one_that_is_not_does(
    train_config, tmp_path, eager, monkeypatch
):
    longer = lengthened(train_config, 4)
    train(train_config, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    train(longer, tmp_path / "whole")
    on_train_batch_begin = CheckpointCallback.on_train_batch_begin
    # Before the first step of the new epochs, within an epoch, and within the last.
    kills = [(2, 0), (2, 3), (3, 1)]

    def kill_here(self, batch, logs=None):
        on_train_batch_begin(self, batch, logs)
        if kills and (self.state.epochs, self.first_step + batch) == kills[0]:
            raise Killed(kills.pop(0))

    monkeypatch.setattr(CheckpointCallback, "on_train_batch_begin", kill_here)
    while kills:
        with pytest.raises(Killed):
            train(longer, tmp_path / "broken", checkpoint_minutes=0)
        assert config_file.read_config(tmp_path / "broken") == config_file.read_config(
            tmp_path / "whole"
        )
    train(longer, tmp_path / "broken")
    a, b = (weights_in(tmp_path / name, longer) for name in ("whole", "broken"))
    for whole, broken in zip(a, b, strict=True):
        np.testing.assert_array_equal(whole, broken)
    assert history(tmp_path / "whole") == history(tmp_path / "broken")
    assert [row["epoch"] for row in history(tmp_path / "whole")] == [*"0123"]


def test_a_kill_before_the_new_length_is_written_leaves_the_run_as_it_was(
    train_config, tmp_path, eager, monkeypatch
):
    train(train_config, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}

    def die(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", die)
        with pytest.raises(Killed):
            train(lengthened(train_config, 3), tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    assert train(lengthened(train_config, 3), tmp_path).state.epochs == 3


def test_a_finished_run_goes_on_from_its_weights_not_from_their_average(
    train_config, tmp_path, eager
):
    """Without a schedule, 2 epochs and 2 more have the weights of 4 at once."""
    recipe = replace(train_config.recipe, decay_epochs=(100,))
    short, whole = (
        replace(train_config, recipe=replace(recipe, epochs=epochs))
        for epochs in (2, 4)
    )
    train(short, tmp_path / "lengthened")
    train(whole, tmp_path / "lengthened")
    train(whole, tmp_path / "whole")
    networks = []
    for name in ("lengthened", "whole"):
        trainer = Trainer(whole, tmp_path / name)
        trainer.model.load_weights(tmp_path / name / LAST_FILE)
        networks.append(trainer.model.get_weights())
    for a, b in zip(*networks, strict=True):
        np.testing.assert_array_equal(a, b)


def test_schedule_and_average_of_a_lengthened_run_are_those_of_its_new_length(
    train_config, tmp_path, eager, monkeypatch
):
    """4 steps an epoch: at step 8 of 16, half a cosine wave is at half its height."""
    rates, on_train_batch_begin = [], CheckpointCallback.on_train_batch_begin

    def note(self, batch, logs=None):
        rates.append(float(self.model.optimizer.learning_rate))
        on_train_batch_begin(self, batch, logs)

    monkeypatch.setattr(CheckpointCallback, "on_train_batch_begin", note)
    train(train_config, tmp_path)
    trainer = train(lengthened(train_config, 4), tmp_path)
    assert trainer.sampler.steps == 4 and len(rates) == 16
    assert rates[4] == pytest.approx(0.01 / 2)  # step 4 of 8
    assert rates[8] == pytest.approx(0.01 / 2)  # step 8 of 16
    assert rates[12] == pytest.approx(0.01 * (1 + np.cos(0.75 * np.pi)) / 2)
    optimizer = trainer.model.optimizer
    optimizer = getattr(optimizer, "optimizer", optimizer)
    assert optimizer.ema_momentum == pytest.approx(1 - 1 / 8)  # half of 16 steps


def test_an_unfinished_run_may_become_shorter_and_not_than_it_is(
    train_config, tmp_path, eager, monkeypatch, caplog
):
    caplog.set_level("INFO", logger="keras_hourglass")
    long = lengthened(train_config, 5)

    def stop_in_second(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        if epoch == 1:
            raise Killed

    on_epoch_end = CheckpointCallback.on_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(CheckpointCallback, "on_epoch_end", stop_in_second)
        with pytest.raises(Killed):
            train(long, tmp_path)
    with pytest.raises(ValueError, match="`epochs` must be at least 2.*epochs=1"):
        Trainer(lengthened(train_config, 1), tmp_path)
    assert config_file.read_config(tmp_path).recipe.epochs == 5
    assert train(lengthened(train_config, 3), tmp_path).state.epochs == 3
    assert "was begun for 5 epochs and has finished 2; it goes on to 3" in caplog.text
    assert len(history(tmp_path)) == 3


def test_no_callback_makes_a_step_wait_for_its_numbers(train_config, tmp_path, eager):
    trainer = Trainer(train_config, tmp_path, verbose=1)
    trainer.prepare()
    plain = keras.callbacks.Callback.on_train_batch_end
    for callback in trainer.callbacks(lambda: 0.0):
        waits = type(callback).on_train_batch_end is not plain
        assert not waits or callback.async_safe


def test_an_epoch_that_goes_on_takes_the_seconds_of_all_its_parts():
    timer, logs = EpochTimer(before=100.0), {}
    for epoch, least in enumerate([100, 0]):
        timer.on_epoch_begin(epoch)
        assert least <= timer.elapsed() < least + 50
        timer.on_epoch_end(epoch, logs)
        assert least <= logs["seconds"] < least + 50


def test_a_checkpoint_is_one_file_and_a_kill_leaves_the_old_one(
    train_config, tmp_path, eager, monkeypatch
):
    run = Trainer(train_config, tmp_path / "run")
    run.folder.mkdir()
    checkpoint.save_checkpoint(
        run.folder / LAST_FILE, run.model, TrainState(1, 2, 3.5, [[1.0], 2.0], 9.5)
    )
    assert checkpoint.read_state(run.folder / LAST_FILE) == TrainState(
        1, 2, 3.5, [[1.0], 2.0], 9.5
    )
    before = (run.folder / LAST_FILE).read_bytes()

    def die(*args):
        raise Killed

    monkeypatch.setattr("os.replace", die)
    with pytest.raises(Killed):
        checkpoint.save_checkpoint(run.folder / LAST_FILE, run.model, TrainState(2))
    assert (run.folder / LAST_FILE).read_bytes() == before
    run.model.get_layer("stem_convolution").bias.assign([np.nan] * 2)
    callback = CheckpointCallback(run.folder / LAST_FILE, TrainState(), 4, run.best, 0)
    callback.set_model(run.model)
    with pytest.raises(NonFiniteError):
        callback.on_epoch_end(1)
    assert (run.folder / LAST_FILE).read_bytes() == before


def test_a_folder_is_a_runs_from_the_first_moment_and_leftovers_go(
    train_config, tmp_path
):
    (tmp_path / f".run.{os.getpid()}.partial.json").write_text("{")
    (tmp_path / f".1.{os.getpid()}.partial").mkdir()  # of an export
    assert run_dir.load_state(train_config, tmp_path) == TrainState()
    (tmp_path / HISTORY_FILE).write_text("epoch,loss\n0,2.5\n1,1.5\n2,1")
    run_dir.prepare_run_dir(tmp_path, train_config, TrainState(2, 3))
    assert (tmp_path / HISTORY_FILE).read_text() == "epoch,loss\n0,2.5\n1,1.5\n"
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", HISTORY_FILE}
    run_dir.prepare_run_dir(tmp_path, train_config, TrainState(0, 3))
    assert (tmp_path / HISTORY_FILE).read_text() == ""


def test_only_files_of_a_run_are_cleared(train_config, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    run_dir.clear_run_dir(tmp_path)
    run_dir.prepare_run_dir(tmp_path, train_config, TrainState())
    (tmp_path / LAST_FILE).write_text("old")
    (tmp_path / "logs").mkdir()
    run_dir.clear_run_dir(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "run.json"}
    assert run_dir.load_state(train_config, tmp_path) == TrainState()


def test_a_file_without_progress_is_not_a_checkpoint(train_config, tmp_path):
    run_dir.prepare_run_dir(tmp_path, train_config, TrainState())
    (tmp_path / LAST_FILE).write_text("no zip")
    with pytest.raises(ValueError, match="is not a checkpoint"):
        Trainer(train_config, tmp_path)


KILLS = 10

# The command, which compiles nothing: it is started so often.
PROGRAM = """
import os, sys
if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
    import tensorflow as tf
    tf.config.run_functions_eagerly(True)
from keras_hourglass_cli import main as command
command.main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_real_run_killed_ten_times_ends_where_an_unbroken_one_does(noise, tmp_path):
    """Kills at random moments, every third while a file is being written."""
    typed = "train --stacks 1 --filters 4 --stem-filters 2 --depth 1 --image-size 32 "
    typed += "--batch-size 2 --epochs 12 --seed 3 --checkpoint-minutes 0"
    command = [sys.executable, "-c", PROGRAM, *typed.split()]
    command += ["--dataset", f"crops:{noise}", "--output"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*command, tmp_path / "whole"], check=True, **quiet)
    broken, dice = tmp_path / "broken", random.Random(0)
    for number in range(KILLS):
        run = subprocess.Popen([*command, broken], **quiet)
        _wait_until_it_writes(run, broken / LAST_FILE)
        if number % 3 == 0:
            while not any(broken.glob(".last*")):
                time.sleep(0.0005)
        else:
            time.sleep(dice.uniform(0, 0.5))
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, "it had ended before it was killed"
        checkpoint.read_state(broken / LAST_FILE)
    subprocess.run([*command, broken], check=True, **quiet)
    train_config = config_file.read_config(broken)
    a, b = (weights_in(tmp_path / name, train_config) for name in ("whole", "broken"))
    for whole, broken_one in zip(a, b, strict=True):
        np.testing.assert_array_equal(whole, broken_one)
    assert history(tmp_path / "whole") == history(broken)


def _wait_until_it_writes(run, path):
    before = path.stat().st_mtime_ns if path.exists() else 0
    while not path.exists() or path.stat().st_mtime_ns == before:
        assert run.poll() is None, "it has ended by itself"
        time.sleep(0.01)
