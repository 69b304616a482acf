"""The benchmarks of the command, by clocks that the tests set."""

import itertools
import json
import subprocess
import sys
import time

import cv2
import keras
import numpy as np
import pytest
from click.testing import CliRunner
from keras import ops

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.inference import estimator as estimators
from keras_hourglass.inference.detectors import load_detector
from keras_hourglass.inference.runtimes import measurement
from keras_hourglass.models import stacked_hourglass
from keras_hourglass.models.flops import count_macs
from keras_hourglass_cli import main as cli
from keras_hourglass_cli.benchmark import detector, loader, model, network, predict
from keras_hourglass_cli.benchmark.network import BenchmarkSetting
from keras_hourglass_cli.benchmark.stopwatch import Stopwatch

TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 16}


def call(*arguments):
    result = CliRunner().invoke(cli.main, ["benchmark", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def clock(monkeypatch):
    """Every step takes half a second, the first ten."""
    durations = iter([10.0] + [0.5] * 99)
    steps = []

    def seconds_of(step):
        step()
        steps.append(step)
        return next(durations)

    monkeypatch.setattr(network, "seconds_of", seconds_of)
    return steps


@pytest.fixture(scope="module")
def tiny():
    return StackedHourglass(**{**TINY, "image_size": 32})


@pytest.mark.parametrize("training, cost", [(False, 1), (True, 3)])
def test_people_and_work_of_a_second_are_counted_after_the_first_two_steps(
    clock, eager, training, cost
):
    setting = BenchmarkSetting(training, batch_size=4, compiled=False)
    measured = network.measure(TINY, setting, seconds=1.0)
    assert len(clock) == 4  # two to begin with, two of half a second
    assert measured["first_seconds"] == 10
    assert measured["people_per_second"] == pytest.approx(8)
    work = count_macs(StackedHourglass(**TINY)) * 8 * cost
    assert measured["multiply_adds_per_second"] == pytest.approx(work)


def test_precision_is_that_of_the_network_alone(clock, eager, monkeypatch):
    dtypes = []
    build = StackedHourglass

    def spy(**arguments):
        made = build(**arguments)
        dtypes.append(made.get_layer("stem_convolution").compute_dtype)
        return made

    monkeypatch.setattr(stacked_hourglass, "StackedHourglass", spy)
    setting = BenchmarkSetting(False, "mixed_bfloat16", 2, compiled=False)
    network.measure(TINY, setting, seconds=0.5)
    assert dtypes == ["bfloat16"]
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_matrix_rate_counts_all_products(monkeypatch, precision):
    monkeypatch.setattr(network, "seconds_of", lambda call: (call(), 0.25)[1])
    assert network.matrix_rate(precision, side=8, rounds=5) == 5 * 8**3 / 0.25


def test_a_runtime_is_measured_without_keras_and_tensorflow(tiny, tmp_path):
    """So its memory is its own: theirs alone is over 400 MB."""
    pytest.importorskip("ai_edge_litert")
    measured = model.measure(tiny, model.RUNTIMES["litert"], tmp_path, (3,), 0.0)
    assert measured["people_per_second"] == 3000 / measured["milliseconds"]["3"]
    assert 1e7 < measured["peak_memory"] < 3e8
    assert [path.name for path in tmp_path.iterdir()] == ["3.tflite"]


@pytest.mark.slow
def test_keras_is_measured_like_the_others(tiny, tmp_path):
    spec = model.RUNTIMES["keras, fused"]
    measured = model.measure(tiny, spec, tmp_path, (2,), 0.0)
    assert [*measured["milliseconds"]] == ["2"] and measured["people_per_second"] > 0


def test_a_process_that_fails_gives_its_error(tiny, tmp_path):
    spec = model.RuntimeSpec("nonsense", lambda model, path: path.touch())
    with pytest.raises(RuntimeError, match="KeyError: 'nonsense'"):
        model.measure(tiny, spec, tmp_path, (1,))


def test_a_runtime_is_measured_without_the_packages_of_others():
    code = f"import sys, {measurement.__name__}; loaded = {{*sys.modules}}; "
    code += "assert not {'keras', 'tensorflow', 'onnxruntime', 'openvino', 'cv2', "
    code += "'scipy', 'ai_edge_litert'} & loaded"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_times_are_medians():
    assert measurement.measure_milliseconds(lambda crops: None, None, 0.0) < 5


def test_benchmark_model_prints_a_row_for_each_runtime(tiny, monkeypatch):
    def measure(network, spec, folder, batch_sizes, seconds):
        if spec.runtime == "onnx":
            raise RuntimeError("cannot\nin detail")
        times = {str(size): 10.0 * size for size in batch_sizes}
        measured = {"milliseconds": times, "people_per_second": 100.0}
        return {**measured, "peak_memory": 2_000_000}

    monkeypatch.setattr(model, "measure", measure)
    monkeypatch.setattr(model, "matrix_rate", lambda: 1e12)
    monkeypatch.setattr(StackedHourglass, "from_preset", lambda *a, **k: tiny)
    monkeypatch.setattr(model.RuntimeSpec, "missing_packages", lambda spec: [])
    line = ["model", "photo", "--seconds", 0]
    rows = json.loads(call(*line, "--json"))["rows"]
    rows = {row["runtime"]: row for row in rows}
    assert [*rows] == [*model.RUNTIMES, "decoder"]
    assert rows["onnx"]["error"] == "cannot"
    cost = rows["litert"]["multiply_adds"]
    np.testing.assert_allclose(rows["litert"]["share_of_peak"], cost * 100 / 1e12)
    output = call(*line, "--runtime", "litert")
    assert "litert" in output and "onnx" not in output
    assert len(output.splitlines()) == 4


def test_a_package_that_is_missing_is_named(tiny, monkeypatch):
    monkeypatch.setattr(model.RuntimeSpec, "missing_packages", lambda spec: ["onnx"])
    measured = model.measure_or_error(tiny, "onnx", 0.0)
    assert measured == {"error": "not installed: onnx"}


class Gray(StackedHourglass):
    """Only means: it is compiled in no time."""

    def call(self, images):
        gray = ops.mean(ops.cast(images, "float32"), axis=-1, keepdims=True)
        return ops.repeat(ops.average_pool(gray, 4, 4), 16, axis=-1)[:, None]


@pytest.fixture(scope="module")
def gray():
    return Gray(stacks=1, filters=4, stem_filters=2, depth=1, image_size=32)


def test_shares_and_rates_are_of_all_rounds_but_the_first(gray):
    """A clock that ticks when it is read: each part takes one second, however long."""
    ticks = itertools.count(0.0)
    estimator = PoseEstimator(
        gray, detector=None, flip=True, scales=(1, 1.2), batch_size=2
    )
    images = [np.zeros((40, 50, 3), "uint8")] * 4
    result = predict.measure(estimator, images, rounds=3, clock=lambda: next(ticks))
    assert result["people_per_second"] == 4 and result["share_of_network"] == 1
    assert {*result["milliseconds"].values()} == {250}
    assert next(ticks) == 2 * 4 * 4  # four parts, four rounds


def test_benchmark_predict_prints_rate_share_and_parts(gray, monkeypatch):
    build = PoseEstimator
    monkeypatch.setattr(
        estimators, "PoseEstimator", lambda **options: build(gray, **options)
    )
    line = ["predict", "--people", 2, "--batch-size", 2]
    report = json.loads(call(*line, "--json"))
    times = report["milliseconds"]
    assert [*times] == ["whole", "read and first window", "network", "decode"]
    assert report["people_per_second"] == pytest.approx(1000 / times["whole"])
    share = times["network"] / times["whole"]
    assert report["share_of_network"] == pytest.approx(share)
    output = call(*line)
    assert "people per second" in output and "share of the network" in output


def test_synthetic_photos_are_as_large_as_photographs():
    data = np.frombuffer(predict.synthetic_photo(3), "uint8")
    assert cv2.imdecode(data, cv2.IMREAD_COLOR).shape == (720, 1280, 3)


def test_a_stopwatch_adds_up_what_each_stage_takes():
    ticks = itertools.count()
    watch = Stopwatch(["read", "decode"], clock=lambda: next(ticks))
    for stage in ["read", "decode", "read"]:
        with watch.time(stage):
            pass
    assert watch.seconds == {"read": 2.0, "decode": 1.0}


def test_a_stopwatch_counts_this_threads_work_alone():
    watch = Stopwatch(["sleep"])
    with watch.time("sleep"):
        time.sleep(0.05)
    assert watch.seconds["sleep"] < 0.04


def test_stages_of_the_loader_are_timed_and_leave_it_alone(drawn):
    made = Loader(Preprocessor(drawn, (32, 48), (8, 12), Augmentation()))
    batches = [[(0, 0), (0, 1)], [(1, 2)]]
    expected = made.load_batch(batches[0])
    seconds = loader.measure_stages(made, batches)
    assert tuple(seconds) == loader.STAGES
    assert all(value > 0 for stage, value in seconds.items() if stage != "read")
    for one, other in zip(made.load_batch(batches[0]), expected):
        np.testing.assert_array_equal(one, other)


def test_a_detector_is_timed_alone_and_with_the_poses_of_people(gray):
    """A clock that ticks when it is read: each part takes one second, however long."""
    clock = itertools.count().__next__
    images, seen = [np.zeros((40, 60, 3), "uint8")] * 2, []

    def nobody(image):
        seen.append(image.shape)
        return np.zeros((0, 5))

    timed = load_detector(nobody)
    options = {"model": gray, "batch_size": 4}
    result = detector.measure(timed, images, options, rounds=1, clock=clock)
    names = ["detector", "1 person", "5 people", "10 people"]
    assert result["milliseconds"] == dict.fromkeys(names, 500)
    assert seen == [(40, 60, 3)] * 16  # four parts of two images, in two rounds
    for count in (1, 5):
        fixed = detector.FixedCount(timed, count)
        boxes, scores = fixed(images[0])
        assert boxes.shape == (count, 4) and (boxes[:, 3] == 40).all()
        assert boxes[:, 2].sum() == pytest.approx(60)


def test_benchmark_detector_prints_milliseconds(monkeypatch):
    times = {"detector": 20.0, "1 person": 30.25}
    measured = {"milliseconds": times, "peak_memory": 123_400_000}
    monkeypatch.setattr(detector, "measure", lambda *arguments: measured)
    output = call("detector", "--photographs", 1)
    assert "30.2" in output and "123" in output
    result = json.loads(call("detector", "--photographs", 1, "--json"))
    assert result["milliseconds"] == times and result["cores"] > 0
