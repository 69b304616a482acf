"""Training, evaluating and predicting where TensorFlow cannot be imported."""

import os
import subprocess
import sys

import pytest

JOURNEY = """
import sys
sys.modules["tensorflow"] = None  # importing it fails, as where it is not installed

import numpy as np
import keras_hourglass as kh

small = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
people = kh.load_dataset("synthetic:8")
people = people[: 12]  # eight to train on, four to validate
run = kh.train(people, "demo", sys.argv[1], epochs=2, batch_size=4, **small)
assert np.isfinite(run.history["val_loss"]).all()
result = kh.evaluate(run.model, people.split("val"), flip=True)
assert result.pckh >= 0
image = np.zeros((160, 120, 3), "uint8")
((pose,),) = kh.PoseEstimator(run.best)([image], [[10, 10, 90, 140]])
assert np.isfinite(pose.joints).all()
assert sys.modules["tensorflow"] is None
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_whole_way_without_tensorflow(backend, tmp_path):
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-c", JOURNEY, str(tmp_path / "run")]
    subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "run/predictions.png").is_file()
