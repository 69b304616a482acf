import importlib
import itertools
import json
import types

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from keras import ops

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass_cli import main as cli
from keras_hourglass_cli.benchmark.predict import predict_command

# The module, not the command of the same name in the group's.
command = importlib.import_module("keras_hourglass_cli.benchmark.predict")


class Gray(StackedHourglass):
    """Nothing but means: it is compiled in no time."""

    def call(self, images):
        gray = ops.mean(ops.cast(images, "float32"), axis=-1, keepdims=True)
        return ops.repeat(ops.average_pool(gray, 4, 4), 16, axis=-1)[:, None]


@pytest.fixture(scope="module")
def gray():
    return Gray(stacks=1, filters=4, stem_filters=2, depth=1, image_size=32)


def test_shares_and_rates_are_of_all_rounds_but_the_first(gray, monkeypatch):
    """A clock that ticks when it is read: each part takes one second, however long."""
    ticks = itertools.count(0.0)
    clock = types.SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr(predict_command, "time", clock)
    estimator = PoseEstimator(gray, flip=True, scales=(1, 1.2), batch_size=2)
    pictures = [np.zeros((40, 50, 3), "uint8")] * 4
    result = predict_command.measure(estimator, pictures, rounds=3)
    assert result["people_per_second"] == 4 and result["share_of_network"] == 1
    assert {*result["milliseconds"].values()} == {250}
    assert next(ticks) == 2 * 4 * 4  # four parts, four rounds


def test_the_command_prints_rate_share_and_parts(gray, monkeypatch):
    monkeypatch.setattr(
        command,
        "PoseEstimator",
        lambda model, *way, **ways: PoseEstimator(gray, *way, **ways),
    )
    line = ["benchmark", "predict", "--people", "2", "--batch-size", "2"]
    result = CliRunner().invoke(cli.main, [*line, "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    times = report["milliseconds"]
    assert [*times] == ["whole", "read and first window", "network", "decode"]
    assert report["people_per_second"] == pytest.approx(1000 / times["whole"])
    assert report["share_of_network"] == pytest.approx(
        times["network"] / times["whole"]
    )
    shown = CliRunner().invoke(cli.main, line).stdout
    assert "people per second" in shown and "share of the network" in shown


def test_pictures_are_drawn_as_large_as_photographs():
    data = np.frombuffer(command.photograph(3), "uint8")
    assert cv2.imdecode(data, cv2.IMREAD_COLOR).shape == (720, 1280, 3)
