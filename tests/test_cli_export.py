"""`hourglass-keras export` as a user meets it."""

import json
import os

import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import StackedHourglass, export
from keras_hourglass.export import verification
from keras_hourglass.utils import silence
from keras_hourglass_cli import main as cli

TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


@pytest.fixture
def path(tmp_path):
    StackedHourglass(**TINY).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.fixture
def stand_in(monkeypatch):
    """Formats are not converted: `onnx` fails, the others answer as the network."""

    class Module:
        limit = staticmethod(lambda precision=None: verification.EXACT)

        @staticmethod
        def opened(path):
            network = StackedHourglass(**TINY)
            return lambda crops: (
                {"keypoints": np.zeros((len(crops), 16, 2))} | {"of": network}
            )

    def write(model, directory, kind, crops, **options):
        if kind == "onnx":
            raise ModuleNotFoundError("`format` 'onnx' needs tf2onnx")
        directory.mkdir(exist_ok=True)
        path = directory / "-".join((kind, *map(str, options.values())))
        path.write_bytes(bytes(len(crops)))
        return path

    monkeypatch.setattr(export, "export_format", write)
    monkeypatch.setattr(export, "format_module", lambda kind: Module)


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, ["export", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def test_all_is_a_table_and_says_what_was_not_written(path, stand_in, tmp_path):
    result = call(path, tmp_path / "out", "--format", "all", status=1)
    assert "96 people that the library draws" in result.output.splitlines()[0]
    starts = [line[:17].strip() for line in result.output.splitlines()[2:8]]
    assert starts == [
        *("savedmodel", "litert", "litert float16", "litert int8", "onnx", "openvino")
    ]
    assert "`format` 'onnx' needs tf2onnx" in result.output
    assert "Error: 1 of 6 were not written" in result.output
    assert len([*(tmp_path / "out").iterdir()]) == 5


def test_json_is_the_same(path, stand_in, tmp_path):
    result = call(path, tmp_path / "out", "--format", "litert", "--int8", "--json")
    (row,) = json.loads(result.output)
    assert row["format"] == "litert int8" and row["bytes"] == 96
    assert row["path"].endswith("litert-int8") and row["milliseconds"] >= 0
    assert 0 < row["mean"] < row["largest"]


def test_pictures_are_what_is_looked_at(path, stand_in, tmp_path, photographs):
    paths, _ = photographs
    out = ("--format", "openvino", "--pictures", paths[0].parent)
    assert "on 15 pictures" in call(path, tmp_path / "out", *out).output


@pytest.mark.parametrize(
    "options, says",
    [
        (["--int8"], "--format litert has one of --float16 and --int8"),
        (["--format", "litert", "--int8", "--float16"], "one of"),
        (["--pictures", ".", "--dataset", "mpii"], "--pictures or a --dataset"),
        (["--format", "onnx", "--most-pixels", "9"], "goes with --format savedmodel"),
    ],
)
def test_options_that_do_not_fit_are_refused(path, tmp_path, options, says):
    assert says in call(path, tmp_path / "out", *options, status=2).output


def test_a_folder_without_pictures_is_told(path, tmp_path):
    (tmp_path / "empty").mkdir()
    result = call(path, tmp_path / "out", "--pictures", tmp_path / "empty", status=1)
    assert "empty" in result.output and "Traceback" not in result.output


def test_what_is_calibrated_on_is_not_checked_on():
    crops = np.arange(96)
    calibrating, checking_on = verification.calibration_split(crops)
    assert len(calibrating) == 64 and len(checking_on) == 32
    assert sorted([*calibrating, *checking_on]) == [*crops]
    assert [*map(len, verification.calibration_split(crops[:2]))] == [2, 2]


def test_what_converters_say_is_kept_away(capfd):
    with silence(1, 2):
        os.write(1, b"chatter")
    os.write(1, b"after")
    assert capfd.readouterr().out == "after"
