"""Two processes train one network as one does, and neither outlives the other."""

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

from keras_hourglass.data.pydataset import PeopleDataset
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.data.sharding import Shard
from keras_hourglass.training import distribution

TYPED = "train --stacks 1 --filters 4 --stem-filters 2 --depth 1 --image-size 32"
TYPED = f"{TYPED} --batch-size 4 --seed 3".split()
VALUES = "loss", "val_loss"
LIMIT = 300  # seconds, in which any of these runs must have ended
MINUTE = 60

on_jax = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="several processes train on JAX alone"
)


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
    """What processes printed, but for JAX's own words, once they have ended well."""
    said = [process.communicate(timeout=LIMIT) for process in started]
    assert [process.returncode for process in started] == [0] * len(said), said
    printed = (out.splitlines() for out, _ in said)
    return [
        [line for line in lines if not line.startswith("[Gloo]")] for lines in printed
    ]


def curve(folder):
    with open(folder / "history.csv", newline="") as file:
        return [[float(row[v]) for v in VALUES] for row in csv.DictReader(file)]


@on_jax
def test_two_processes_have_the_losses_of_one_and_one_of_them_speaks(started, tmp_path):
    ended(started(1, tmp_path / "one", epochs=2))
    said = ended(started(2, tmp_path / "two", epochs=2))
    one, two = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert np.shape(one) == (2, len(VALUES))
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert any("Best val_pckh" in line for line in said[0]) and not said[1]


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
        _, told = both[0].communicate(timeout=MINUTE)
        assert both[0].returncode == 1 and "another process has ended" in told
        said = ended(started(2, folder, epochs=6))
        assert any("Going on after epoch" in line for line in said[0])
    broken, whole = (np.array(curve(tmp_path / name)) for name in ("broken", "whole"))
    np.testing.assert_allclose(broken[:, 0], whole[:, 0], rtol=1e-4)


class Listing:
    """In place of a loader: batches are who is in them."""

    def load_batch(self, places):
        return places

    def __len__(self):
        return 7


def test_each_process_reads_only_its_share():
    stream = EpochSampler([10], 4, seed=1)
    parts = [
        PeopleDataset(Listing(), 4, stream, 3, share=Shard(process, 2, 4))
        for process in range(2)
    ]
    for batch in range(2):
        first, second = (part[batch] for part in parts)
        assert len(first) == len(second) == 2
        assert first + second == stream.batch(3 + batch)
    last = [
        PeopleDataset(Listing(), 4, share=Shard(process, 2, 4))[1]
        for process in range(2)
    ]
    assert last == [[(0, 4), (0, 5)], [(0, 6), None]]


@pytest.mark.parametrize(
    "told", [("here:1", None, None), (None, 2, 0), ("here:1", 2, 2), ("here:1", 2, -1)]
)
def test_what_processes_need_to_know_is_told_together(told):
    with pytest.raises(ValueError, match="must be given together"):
        distribution.join_processes(*told)


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_several_processes_are_refused_where_they_cannot_train(backend, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    with pytest.raises(ValueError, match="with KERAS_BACKEND=jax, in one or several"):
        distribution.join_processes("here:1", 2, 0)
