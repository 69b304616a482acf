"""`hourglass-keras export`."""

import json

import pytest
from click.testing import CliRunner

import keras_hourglass
from keras_hourglass import StackedHourglass
from keras_hourglass.export.results import ExportResult, ExportResults
from keras_hourglass_cli import main as cli

TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


@pytest.fixture
def path(tmp_path):
    StackedHourglass(**TINY).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.fixture
def calls(monkeypatch):
    """Keyword arguments of `export_model`, in which every format but `onnx` works."""
    calls = []

    def export(model, directory, formats, **options):
        calls.append({"formats": formats, **options})
        names = ["litert", "onnx"] if formats == "all" else formats
        results = ExportResults(crops="32 crops")
        for name in names:
            written = (directory / name, 1_500_000, 4.25, 0.0125, 0.04, "1 %, 0.05 px")
            more = {"moved": 0.0025, "median_error": 0.0125}
            result = ExportResult(name, *written, **more)
            failed = ExportResult(name, reason="needs tf2onnx")
            results.append(failed if name == "onnx" else result)
        return results

    monkeypatch.setattr(keras_hourglass, "export_model", export)
    return calls


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, ["export", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.mark.parametrize("given, taken", [("none", None), ("runs/mine", "runs/mine")])
def test_a_detector_is_another_or_none(path, calls, tmp_path, given, taken):
    call(path, tmp_path / "out", "--detector", given)
    assert calls[0]["detector"] == taken
    call(path, tmp_path / "out")
    assert "detector" not in calls[1]


def test_a_table_says_what_was_written_and_what_was_not(path, calls, tmp_path):
    options = ["--format", "litert", "--format", "onnx", "--tolerance", 2]
    result = call(path, tmp_path / "out", *options, status=1)
    sources = {"images": None, "dataset": None}
    assert calls == [{"formats": ["litert", "onnx"], **sources, "tolerance": 2}]
    lines = [line for line in result.stdout.splitlines() if "litert" in line]
    (cells,) = map(str.split, lines)
    assert cells[:5] == ["litert", "1.50", "4.2", "0.25", "%"]
    assert cells[-1] == str(tmp_path / "out/litert")
    assert "needs tf2onnx" in result.stdout
    assert "Error: 1 of 2 were not written" in result.stderr
    result = call(path, tmp_path / "out", "--format", "all")
    assert calls[-1] == {"formats": "all", **sources}
    assert "needs tf2onnx" in result.stdout and "Error" not in result.output


def test_a_page_is_followed_by_the_line_that_serves_it(path, calls, tmp_path):
    (tmp_path / "node_modules").mkdir()
    assets = str(tmp_path / "node_modules")
    result = call(path, tmp_path, "--format", "web", "--assets", assets)
    assert calls[-1]["assets"] == assets
    assert f"python -m http.server --directory {tmp_path}," in result.stdout
    assert "http.server" not in call(path, tmp_path, "--format", "litert").stdout


def test_json_has_the_same(path, calls, tmp_path):
    result = call(path, tmp_path, "--format", "litert", "--int8", "--json")
    assert json.loads(result.stdout) == [
        {
            "format": "litert:int8",
            "path": str(tmp_path / "litert:int8"),
            "bytes": 1_500_000,
            "milliseconds": 4.25,
            "mean_error": 0.0125,
            "max_error": 0.04,
            "limit": "1 %, 0.05 px",
            "reason": None,
            "moved": 0.0025,
            "median_error": 0.0125,
        }
    ]


def test_options_of_version_0_1_still_work(path, calls, tmp_path):
    old = ["--pictures", tmp_path, "--most-pixels", 9]
    new = ["--images", tmp_path, "--max-pixels", 9]
    call(path, tmp_path, *old)
    call(path, tmp_path, *new)
    first, second = calls
    assert first == second
    assert first["images"] == [str(tmp_path)] and first["max_pixels"] == 9
    assert first["formats"] == ["savedmodel"]
    assert "--pictures" not in call("--help").output


def test_several_formats_are_one_export(path, calls, tmp_path):
    call(path, tmp_path, "--format", "litert:float16", "--format", "savedmodel")
    assert calls[0]["formats"] == ["litert:float16", "savedmodel"]


@pytest.mark.parametrize(
    "options, message",
    [
        (["--int8"], "--format litert has one of --float16 and --int8"),
        (["--format", "litert", "--int8", "--float16"], "one of"),
        (["--tolerance", "0"], "0.0 is not in the range"),
        (["--images", ".", "--dataset", "mpii"], "--images or a --dataset"),
        (["--format", "onnx", "--max-pixels", "9"], "`--max-pixels` is an option"),
    ],
)
def test_options_that_do_not_fit_are_refused(path, tmp_path, options, message):
    assert message in call(path, tmp_path / "out", *options, status=2).output


def test_a_folder_without_images_is_one_line(path, tmp_path):
    (tmp_path / "empty").mkdir()
    result = call(path, tmp_path / "out", "--images", tmp_path / "empty", status=1)
    assert "empty" in result.output and "Traceback" not in result.output
