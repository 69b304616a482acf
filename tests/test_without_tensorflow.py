"""Training, judging and predicting where TensorFlow cannot be imported."""

import os
import subprocess
import sys

import pytest

JOURNEY = """
import sys
sys.modules["tensorflow"] = None  # importing it fails, as where it is not installed

import numpy as np
from keras_hourglass import PoseEstimator, evaluation
from keras_hourglass.data import synthetic
from keras_hourglass.data.mixture import Source
from keras_hourglass.training import feeding
from keras_hourglass.training.plan import Plan
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.run import Run

synthetic.VALIDATION_COUNT = 4
network = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
recipe = Recipe(2, 4, 0.01, average=0.5, network=network)
run = Run(Plan(recipe, (Source("synthetic", "8"),)), sys.argv[1])
run.train()
(loader,) = run.validators.values()
errors, _ = evaluation.evaluate(run.model, feeding.validation(loader, 4), flip=True)
assert errors.shape == (4, 16) and np.isfinite(errors).all()
picture = synthetic.draw(0, 0)[0]
((pose,),) = PoseEstimator(sys.argv[1] + "/best.keras")([picture], [[40, 20, 90, 150]])
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
