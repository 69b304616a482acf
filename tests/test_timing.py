"""Networks timed in processes of their own."""

import json
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import StackedHourglass
from keras_hourglass.inference import runtimes
from keras_hourglass_cli import main as cli
from keras_hourglass_cli.benchmark.model import model_command

# The package has the command under the module's name.
benchmark = import_module("keras_hourglass_cli.benchmark.model")
TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


@pytest.fixture(scope="module")
def network():
    return StackedHourglass(**TINY)


def test_a_runtime_is_measured_without_keras_and_tensorflow(network, tmp_path):
    """So its memory is its own: theirs alone is over 400 MB."""
    pytest.importorskip("ai_edge_litert")
    found = model_command.measure(
        network, model_command.WAYS["litert"], tmp_path, (3,), 0.0
    )
    assert found["people_per_second"] == 3000 / found["milliseconds"]["3"]
    assert 1e7 < found["most_memory"] < 3e8
    assert [path.name for path in tmp_path.iterdir()] == ["3.tflite"]


@pytest.mark.slow
def test_keras_is_measured_like_the_others(network, tmp_path):
    found = model_command.measure(
        network, model_command.WAYS["keras, fused"], tmp_path, (2,), 0.0
    )
    assert [*found["milliseconds"]] == ["2"] and found["people_per_second"] > 0


def test_a_process_that_fails_says_why(network, tmp_path):
    way = model_command.Way("nonsense", lambda model, path: path.touch())
    with pytest.raises(RuntimeError, match="KeyError: 'nonsense'"):
        model_command.measure(network, way, tmp_path, (1,))


def test_what_lies_beside_the_file_is_not_taken_for_packages():
    code = f"import runpy; runpy.run_path({runtimes.__file__!r}); import sys; "
    code += "assert 'keras_hourglass' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_times_are_medians():
    assert runtimes.measure_milliseconds(lambda crops: None, None, 0.0) < 5


def test_the_command_prints_a_row_for_each_runtime(network, monkeypatch):
    def measure(network, way, folder, batches, seconds):
        if way.runtime == "onnx":
            raise RuntimeError("cannot\nin detail")
        taken = {str(batch): 10.0 * batch for batch in batches}
        found = {"milliseconds": taken, "people_per_second": 100.0}
        return {**found, "most_memory": 2_000_000}

    monkeypatch.setattr(model_command, "measure", measure)
    monkeypatch.setattr(benchmark.speed, "matrix_rate", lambda: 1e12)
    monkeypatch.setattr(
        benchmark.StackedHourglass, "from_preset", lambda *a, **k: network
    )
    monkeypatch.setattr(model_command.Way, "missing", lambda way: [])
    asked = ["benchmark", "model", "photo", "--seconds", "0"]
    result = CliRunner().invoke(cli.main, [*asked, "--json"])
    assert result.exit_code == 0, result.output
    rows = {row["runtime"]: row for row in json.loads(result.stdout)["rows"]}
    assert [*rows] == [*model_command.WAYS, "decoder"]
    assert rows["onnx"]["error"] == "cannot"
    cost = rows["litert"]["multiply_adds"]
    np.testing.assert_allclose(rows["litert"]["share_of_peak"], cost * 100 / 1e12)
    result = CliRunner().invoke(cli.main, [*asked, "--runtime", "litert"])
    assert "litert" in result.output and "onnx" not in result.output
    assert len(result.stdout.splitlines()) == 4


def test_what_is_not_installed_is_said(network, monkeypatch):
    monkeypatch.setattr(model_command.Way, "missing", lambda way: ["openvino"])
    found = benchmark.measured(network, "openvino", 0.0)
    assert found == {"error": "not installed: openvino"}
