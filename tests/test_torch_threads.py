"""Threads of PyTorch: one core is left to the loader, unless the user chooses."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.models import torch_threads

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2, "image_size": 32}


@pytest.fixture
def torch(monkeypatch):
    """PyTorch with its default number of threads, which is 4."""
    torch = pytest.importorskip("torch")
    if keras.backend.backend() != "torch":
        pytest.skip("of PyTorch alone")
    for name in torch_threads.CHOSEN_BY:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(4)}, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield torch
    torch.set_num_threads(before)


def test_a_core_is_spared_within_a_block_alone(torch):
    with torch_threads.spared_core():
        assert torch.get_num_threads() == 3
        with torch_threads.spared_core():
            assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize("name", torch_threads.CHOSEN_BY)
def test_a_number_of_the_environment_is_kept(torch, monkeypatch, name):
    monkeypatch.setenv(name, "4")
    with torch_threads.spared_core():
        assert torch.get_num_threads() == 4


@pytest.mark.parametrize("number", [1, 2])
def test_a_number_that_was_set_is_kept(torch, number):
    torch.set_num_threads(number)
    with torch_threads.spared_core():
        assert torch.get_num_threads() == number
    assert torch.get_num_threads() == number


def test_training_evaluation_and_prediction_spare_a_core(torch, drawn, monkeypatch):
    network, threads = kh.StackedHourglass(**TINY), []
    call = kh.HeatmapLoss.call

    def noted(*args):
        threads.append(torch.get_num_threads())
        return call(*args)

    monkeypatch.setattr(kh.HeatmapLoss, "call", noted)
    network.compile("sgd", kh.HeatmapLoss())
    network.fit(drawn[:4].batches(network, 2), verbose=0)
    network.evaluate(drawn[:4].batches(network, 2), verbose=0)
    estimator = kh.PoseEstimator(network, detector=None)
    predict = estimator._predictor.predict_on_batch

    def predict_noted(crops):
        threads.append(torch.get_num_threads())
        return predict(crops)

    monkeypatch.setattr(estimator._predictor, "predict_on_batch", predict_noted)
    estimator(np.zeros((40, 40, 3), "uint8"))
    assert len(threads) >= 6 and {*threads} == {3}
    assert torch.get_num_threads() == 4


def test_importing_the_library_changes_no_threads():
    pytest.importorskip("torch")
    code = "import cv2, torch; cv2.setNumThreads(3); torch.set_num_threads(5)\n"
    code += "import keras_hourglass as kh; [getattr(kh, name) for name in kh.__all__]\n"
    code += "import keras_hourglass.data.prepare\n"
    code += "print(cv2.getNumThreads(), torch.get_num_threads())"
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert run.stdout.split() == ["3", "5"], run.stderr
