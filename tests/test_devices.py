"""Several devices train one network as one device does."""

import csv
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.data.sharding import WHOLE_BATCH, Shard
from keras_hourglass.training import distribution
from keras_hourglass.training.checkpoint import RescaleValLoss

BACKEND = keras.backend.backend()
TYPED = "train --stacks 1 --filters 4 --stem-filters 2 --depth 1 --image-size 32"
EPOCHS = 1 if BACKEND == "tensorflow" else 2  # seconds, or none
TYPED = f"{TYPED} --batch-size 4 --epochs {EPOCHS} --seed 3".split()
VALUES = "loss", "val_loss"

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
def test_two_devices_have_the_losses_of_one(noise, tmp_path):
    typed = [str(tmp_path), *TYPED, "--dataset", f"crops:{noise}"]
    command = [sys.executable, "-c", PROGRAM, *typed]
    subprocess.run(command, env=SETTING, check=True, timeout=300)
    one, two = (curve(tmp_path / devices) for devices in ("1", "all"))
    assert np.shape(one) == (EPOCHS, len(VALUES))
    np.testing.assert_allclose(two, one, rtol=1e-4)


def curve(folder):
    with open(folder / "history.csv", newline="") as file:
        return [[float(row[v]) for v in VALUES] for row in csv.DictReader(file)]


def test_more_devices_than_there_are_are_refused_and_the_number_told():
    there = len(distribution.list_devices())
    with pytest.raises(ValueError, match=f"1 to {there}, for .* devices={there + 1}"):
        distribution.use_devices(there + 1)
    assert distribution.use_devices(1) == distribution.Distribution()


def test_pytorch_is_refused_and_what_works_is_told(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    monkeypatch.setattr(distribution, "list_devices", lambda: ["gpu:0", "gpu:1"])
    with pytest.raises(
        ValueError, match="KERAS_BACKEND=tensorflow, in one .* KERAS_BACKEND=jax"
    ):
        distribution.use_devices("all")


def test_a_batch_that_devices_do_not_divide_is_refused():
    distribution.Distribution(Shard(devices=2)).check(4)
    with pytest.raises(ValueError, match="multiple of 2.*batch_size=5"):
        distribution.Distribution(Shard(devices=2)).check(5)


def test_processes_share_a_batch_and_nobody_fills_it_up():
    shares = [Shard(process, 2, 4) for process in range(2)]
    assert [share.select([5, 6, 7, 8, 9]) for share in shares] == [
        [5, 6, 7, 8],
        [9, None, None, None],
    ]
    assert [share.select([5, 6, 7, 8]) for share in shares] == [[5, 6], [7, 8]]
    assert shares[0].padded_count(5) == 8 and shares[0].padded_count(8) == 8
    assert WHOLE_BATCH.select([5]) == [5] and WHOLE_BATCH.padded_count(5) == 5


def test_nobody_does_not_count_in_the_loss_of_validation():
    logs = {"val_loss": 7.0}  # the sum 56 of seven people, among eight
    RescaleValLoss(7, 8).on_epoch_end(0, logs)
    assert logs == {"val_loss": pytest.approx(8.0)}


def test_a_sample_of_nobody_is_black_and_scores_nothing(drawn):
    loader = Loader(Preprocessor(drawn, (32, 32), (8, 8)))
    images, labels = loader.load_batch([(0, 3), None])
    whole = loader.load_batch([(0, 3)])
    np.testing.assert_array_equal(images[:1], whole[0])
    np.testing.assert_array_equal(labels[:1], whole[1])
    assert images[0].any() and not images[1].any() and not labels[1].any()
    assert not loader.load_batch([None])[1].any()
