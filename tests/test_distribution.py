"""Several devices, and several processes, train a network as one does."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.pydataset import PeopleDataset
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard
from keras_hourglass.training import distribution
from keras_hourglass.training.runs.checkpoint import RescaleValLoss

BACKEND = keras.backend.backend()
TYPED = "train --stacks 1 --filters 4 --stem-filters 2 --depth 1 --image-size 32"
TYPED = f"{TYPED} --batch-size 4 --seed 3".split()
EPOCHS = 1 if BACKEND == "tensorflow" else 2
VALUES = "loss", "val_loss"
LIMIT = 300  # seconds, in which any of these runs must have ended
MINUTE = 60

on_jax = pytest.mark.skipif(BACKEND != "jax", reason="several processes need JAX")

# One CPU, as if it were two devices: a run on the first, then one on both.
PROGRAM = """
import os, sys
if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, parts)
    tf.config.run_functions_eagerly(True)  # compiling takes longer
from keras_hourglass_cli import main as command
from keras_hourglass.training.precision import centering
centering.INTERVAL, centering.SETTLING_STEPS = 1, 0  # as of long runs before some steps
output, *typed = sys.argv[1:]
for devices in ("1", "all"):
    typed += ["--devices", devices, "--output", f"{output}/{devices}"]
    command.main(typed, standalone_mode=False)
"""
SETTING = {
    **os.environ,
    "KERAS_BACKEND": BACKEND,
    "CUDA_VISIBLE_DEVICES": "",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
}


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no way there")
@pytest.mark.parametrize("recipe", ["modern", "photo"])  # Adam, Muon
def test_two_devices_have_the_losses_of_one(recipe, noise, tmp_path):
    typed = [str(tmp_path), *TYPED, "--epochs", str(EPOCHS)]
    typed += ["--dataset", f"crops:{noise}", "--recipe", recipe]
    if recipe == "photo":
        typed += ["--filters", "16"]  # smaller kernels are no matrices
    command = [sys.executable, "-c", PROGRAM, *typed]
    subprocess.run(command, env=SETTING, check=True, timeout=300)
    one, two = (curve(tmp_path / devices) for devices in ("1", "all"))
    assert np.shape(one) == (EPOCHS, len(VALUES))
    # Of a gradient of nearly lower rank, Muon enlarges the rest, which is rounding.
    np.testing.assert_allclose(two, one, rtol=1e-3 if recipe == "photo" else 1e-4)


def curve(folder):
    with open(folder / "history.csv", newline="") as file:
        return [[float(row[v]) for v in VALUES] for row in csv.DictReader(file)]


def test_more_devices_than_there_are_are_refused_with_their_number():
    count = len(distribution.list_devices())
    with pytest.raises(ValueError, match=f"1 to {count}, .* devices={count + 1}"):
        distribution.use_devices(count + 1)
    assert distribution.use_devices(1) == distribution.Distribution()


def test_pytorch_is_refused_and_the_message_says_what_works(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    monkeypatch.setattr(distribution, "list_devices", lambda: ["gpu:0", "gpu:1"])
    with pytest.raises(
        ValueError, match="KERAS_BACKEND=tensorflow, in one .* KERAS_BACKEND=jax"
    ):
        distribution.use_devices("all")


def test_a_batch_that_devices_do_not_divide_is_refused():
    distribution.Distribution(Shard(devices=2)).validate_batch_size(4)
    with pytest.raises(ValueError, match="multiple of 2.*batch_size=5"):
        distribution.Distribution(Shard(devices=2)).validate_batch_size(5)


def test_processes_share_a_batch_and_its_padding():
    shares = [Shard(process, 2, 4) for process in range(2)]
    assert [share.select([5, 6, 7, 8, 9]) for share in shares] == [
        [5, 6, 7, 8],
        [9, None, None, None],
    ]
    assert [share.select([5, 6, 7, 8]) for share in shares] == [[5, 6], [7, 8]]
    assert shares[0].padded_count(5) == 8 and shares[0].padded_count(8) == 8
    assert WHOLE_BATCH.select([5]) == [5] and WHOLE_BATCH.padded_count(5) == 5


def test_padding_does_not_count_in_the_loss_of_validation():
    logs = {"val_loss": 7.0}  # the sum 56 of seven people, in eight rows
    RescaleValLoss(7, 8).on_epoch_end(0, logs)
    assert logs == {"val_loss": pytest.approx(8.0)}


def test_padding_is_black_and_scores_nothing(drawn):
    loader = Loader(Preprocessor(drawn, (32, 32), (8, 8)))
    images, labels = loader.load_batch([(0, 3), None])
    whole = loader.load_batch([(0, 3)])
    np.testing.assert_array_equal(images[:1], whole[0])
    np.testing.assert_array_equal(labels[:1], whole[1])
    assert images[0].any() and not images[1].any() and not labels[1].any()
    assert not loader.load_batch([None])[1].any()


@pytest.fixture(scope="module")
def started(noise, tmp_path_factory):
    """Starts so many processes that train together: (count, folder, epochs) -> them."""
    running, cache = [], tmp_path_factory.mktemp("compiled")

    def start(count, folder, epochs):
        typed = [*TYPED, "--dataset", f"crops:{noise}", "--epochs", str(epochs)]
        command = [*(sys.executable, "-m", "keras_hourglass_cli.main"), *typed]
        command += ["--output", str(folder)]
        together = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"localhost:{free_port()}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
        }
        setting = {
            **os.environ,
            **(together if count > 1 else {}),
            "KERAS_BACKEND": "jax",
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
            # What one has compiled, others need not.
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        begun = []
        for process in range(count):
            if count > 1:
                setting = {**setting, "KERAS_DISTRIBUTION_PROCESS_ID": str(process)}
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            begun.append(subprocess.Popen(command, env=setting, **pipes))
        running.extend(begun)
        return begun

    yield start
    for process in running:
        process.kill()


def free_port():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def ended(started):
    """The output and the messages of processes, once they have ended well."""
    pipes = [process.communicate(timeout=LIMIT) for process in started]
    assert [process.returncode for process in started] == [0] * len(pipes), pipes
    return pipes


@on_jax
def test_two_processes_have_the_losses_of_one_and_only_the_first_logs(
    started, tmp_path
):
    ended(started(1, tmp_path / "one", epochs=2))
    (first, log), (second, silent) = ended(started(2, tmp_path / "two", epochs=2))
    one, two = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert np.shape(one) == (2, len(VALUES))
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert "Best val_pckh" in first and "Compiling" in log and "Epoch 2/2" in log
    assert all(line.startswith("[Gloo]") for line in second.splitlines())
    assert not {"Compiling", "Epoch"} & {*silent.split()}


@on_jax
@pytest.mark.slow
def test_a_kill_of_one_ends_the_other_within_a_minute_and_both_go_on(started, tmp_path):
    for name in ("whole", "broken"):
        folder = tmp_path / name
        both = started(2, folder, epochs=6)
        if name == "whole":
            ended(both)
            continue
        limit = time.monotonic() + LIMIT
        while not (folder / "last.keras").exists() and time.monotonic() < limit:
            time.sleep(0.01)
        both[1].send_signal(signal.SIGKILL)
        _, log = both[0].communicate(timeout=MINUTE)
        assert both[0].returncode == 1 and "another process has ended" in log
        (_, log), _ = ended(started(2, folder, epochs=6))
        assert "Going on after epoch" in log
    broken, whole = (np.array(curve(tmp_path / name)) for name in ("broken", "whole"))
    np.testing.assert_allclose(broken[:, 0], whole[:, 0], rtol=1e-4)


class Listing:
    """In place of a loader: batches are lists of (epoch, index)."""

    def load_batch(self, places):
        return places

    def __len__(self):
        return 7


def test_each_process_reads_only_its_part():
    sampler = EpochSampler([10], 4, seed=1)
    parts = [
        PeopleDataset(Listing(), 4, sampler, 3, shard=Shard(process, 2, 4))
        for process in range(2)
    ]
    for batch in range(2):
        first, second = (part[batch] for part in parts)
        assert len(first) == len(second) == 2
        assert first + second == sampler.batch(3 + batch)
    last = [
        PeopleDataset(Listing(), 4, shard=Shard(process, 2, 4))[1]
        for process in range(2)
    ]
    assert last == [[(0, 4), (0, 5)], [(0, 6), None]]


@pytest.mark.parametrize(
    "given", [("here:1", None, None), (None, 2, 0), ("here:1", 2, 2), ("here:1", 2, -1)]
)
def test_options_of_processes_must_be_given_together(given):
    with pytest.raises(ValueError, match="must be given together"):
        distribution.join_processes(*given)


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_several_processes_are_refused_where_they_cannot_train(backend, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    with pytest.raises(ValueError, match="with KERAS_BACKEND=jax, in one or several"):
        distribution.join_processes("here:1", 2, 0)
