"""Export of a network in one or several formats."""

import json
import logging
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_hourglass import StackedHourglass, __version__, export_model, fuse
from keras_hourglass.export import crops as crops_module
from keras_hourglass.export import exporter, formats, verification
from keras_hourglass.export.formats import FORMATS, Format, parse_formats
from keras_hourglass.export.graph import crop_window
from keras_hourglass.export.metadata import describe_model, to_strings
from keras_hourglass.inference.runtimes.keypoints import predict_keypoints
from keras_hourglass.inference.runtimes.metadata import _from_strings, read_metadata
from keras_hourglass.models.trunk.layer_utils import sublayers
from keras_hourglass.models.trunk.precision import precision_scope

TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
CROPS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), "uint8")


@pytest.fixture(scope="module")
def network():
    return StackedHourglass(**TINY)


@pytest.fixture
def stand_in(monkeypatch):
    """Formats are not converted: `onnx` fails, the others answer as the network."""

    def write(model, path, **options):
        write.options.append(options)
        write.models.append(model)
        if path.suffix == ".onnx":
            raise write.error
        if path.suffix in {".tflite", ".xml", ".html"}:
            path.write_bytes(bytes(10))
            return {"precision": options.get("precision", "float32")}
        path.mkdir()
        (path / "saved_model.pb").write_bytes(bytes(20))
        return None

    def run(crops):
        model = write.models[-1]
        points, _ = predict_keypoints(model, crops)
        return {"keypoints": crop_window(model).to_image(points, model.heatmap_size)}

    write.options, write.models = [], []
    write.error = RuntimeError("cannot convert\nin detail")
    for entry in FORMATS.values():
        monkeypatch.setattr(entry.import_module(), "write", write)
    for name in FORMATS:
        monkeypatch.setitem(exporter.RUNTIMES, name, lambda path: run)
    monkeypatch.setattr(exporter, "require_packages", lambda name: None)
    return write


def test_all_formats_are_written_but_those_that_fail(
    network, stand_in, tmp_path, caplog
):
    caplog.set_level(logging.INFO, logger="keras_hourglass")
    results = export_model(network, tmp_path, "all", crops=CROPS)
    names = ["savedmodel", "litert", "litert:float16", "litert:int8", "onnx"]
    assert [result.format for result in results] == [*names, "openvino", "web"]
    (failed,) = results.failed
    assert failed.format == "onnx" and failed.reason == "cannot convert"
    assert failed.path is None and failed.bytes is None
    first, second, *_ = results
    assert first.path == tmp_path / "1" and first.bytes == 20
    assert second.path == tmp_path / "hourglass.tflite"
    about = tmp_path / "hourglass.tflite.about.json"
    assert second.bytes == 10 + about.stat().st_size
    assert json.loads(about.read_text())["precision"] == "float32"
    assert 0 <= second.mean_error <= second.max_error < 1e-3
    assert second.milliseconds > 0 and second.limit == "0.1 %, 0.0013 px"
    assert "onnx was not written: cannot convert" in caplog.messages
    assert "Exporting litert:int8" in caplog.messages
    json.dumps([result.to_dict() for result in results])


class ConverterError(Exception):
    """As TensorFlow's, which is none of the usual ones."""


def test_an_error_of_a_converter_leaves_the_other_formats(network, stand_in, tmp_path):
    stand_in.error = ConverterError("no such operation")
    results = export_model(network, tmp_path, ["onnx", "litert"], crops=CROPS)
    assert [result.reason for result in results] == ["no such operation", None]


@pytest.mark.parametrize("form", [lambda model: model, fuse])
def test_networks_in_16_bits_are_exported_in_32(stand_in, tmp_path, form):
    with precision_scope("mixed_bfloat16"):
        network = form(StackedHourglass(**TINY))
        export_model(network, tmp_path, "litert", crops=CROPS)
    (exported,) = stand_in.models
    assert network.compute_dtype == "bfloat16"
    assert {layer.compute_dtype for layer in sublayers(exported)} == {"float32"}
    for one, other in zip(exported.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_results_print_as_a_table(network, stand_in, tmp_path):
    results = export_model(network, tmp_path, ["litert:float16", "onnx"], crops=CROPS)
    title, headings, first, second = str(results).splitlines()
    assert title == "Verified on 2 of 6 crops" and "ms per person" in headings
    assert first.split()[0] == "litert:float16" and first.endswith(
        str(tmp_path / "hourglass_float16.tflite")
    )
    assert "1 %, 0.0063 px" in first and "0.00 %" in first
    assert second.split(None, 1) == ["onnx", "not written: cannot convert"]


def test_a_full_disk_is_named_whatever_a_converter_says(
    network, stand_in, tmp_path, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(exporter.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match="No space left on device.*hourglass.onnx"):
        export_model(network, tmp_path / "new", "onnx", crops=CROPS)
    assert not [*tmp_path.glob("new/*")]


def test_one_format_that_fails_is_an_error(network, stand_in, tmp_path):
    with pytest.raises(RuntimeError, match="cannot convert"):
        export_model(network, tmp_path / "new", "onnx", crops=CROPS)
    assert not [*tmp_path.glob("new/*")]


def test_each_format_gets_its_own_options(network, stand_in, tmp_path):
    options = {"max_pixels": 9, "batch_size": 2, "decoder": "quarter"}
    names = ["savedmodel", "litert:int8", "openvino"]
    with pytest.MonkeyPatch.context() as patch:
        limit = verification.ErrorLimit(1, 9999)
        for precision in verification.LIMITS:  # the stand-in has another decoder
            patch.setitem(verification.LIMITS, precision, limit)
        export_model(network, tmp_path, names, crops=CROPS, **options)
    saved_model, litert, openvino = stand_in.options
    assert saved_model == {"decoder": "quarter", "max_pixels": 9}
    assert len(litert.pop("calibration")) == 4
    assert litert == {"decoder": "quarter", "batch_size": 2, "precision": "int8"}
    assert openvino == {"decoder": "quarter"}


def test_a_new_format_is_one_module_and_one_line(network, tmp_path, monkeypatch):
    class Module:
        @staticmethod
        def write(model, path, decoder):
            path.write_text(decoder)

    def run(crops):
        return {"keypoints": np.zeros((len(crops), 16, 2))}

    monkeypatch.setitem(FORMATS, "own", Format("own", ".own"))
    monkeypatch.setattr(formats, "import_module", lambda name: Module)
    monkeypatch.setitem(exporter.RUNTIMES, "own", lambda path: run)
    limit = verification.ErrorLimit(1, 9999)
    monkeypatch.setitem(verification.LIMITS, "float32", limit)
    (result,) = export_model(network, tmp_path, "own", crops=CROPS)
    assert result.path.read_text() == "dark" and result.path.name == "hourglass.own"


def test_names_of_formats_are_parsed():
    assert parse_formats("litert:float32") == [("litert", "float32")]
    assert parse_formats(["onnx", "litert", "onnx"], ["batch_size"]) == [
        ("onnx", "float32"),
        ("litert", "float32"),
    ]
    assert len(parse_formats("all")) == len(formats.FORMAT_NAMES) == 7


@pytest.mark.parametrize(
    "given, options, error, message",
    [
        ("savedmodle", [], ValueError, "Did you mean 'savedmodel'"),
        ("litert:int9", [], ValueError, "Did you mean 'int8'"),
        ("onnx:int8", [], ValueError, "a precision of 'onnx' after the colon"),
        ([], [], ValueError, "Received: none"),
        ("onnx", ["max_pixels"], ValueError, "an option of the format 'savedmodel'"),
        ("onnx", ["max_pixel"], TypeError, "Did you mean 'max_pixels'"),
    ],
)
def test_unknown_formats_and_options_are_refused(given, options, error, message):
    with pytest.raises(error, match=message):
        parse_formats(given, options)


def test_names_of_formats_are_known_without_keras():
    code = "import sys; from keras_hourglass.export.formats import FORMATS; "
    code += "from keras_hourglass import export_model; assert FORMATS; "
    code += "assert not {'keras', 'tensorflow', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_network_with_nan_in_a_weight_is_refused(tmp_path):
    model = StackedHourglass(**TINY)
    model.weights[3].assign(model.weights[3] * np.nan)
    with pytest.raises(ValueError, match="`model` must have finite weights"):
        export_model(model, tmp_path / "bad", crops=CROPS)
    assert not (tmp_path / "bad").exists()


def test_a_file_with_code_in_it_is_not_exported(tmp_path):
    """Keras's safe mode: a Lambda is Python code of whoever made the file."""
    keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x)]).save(
        tmp_path / "code.keras"
    )
    with pytest.raises(ValueError, match="code.keras"):
        export_model(tmp_path / "code.keras", tmp_path / "out")


def test_other_backends_are_refused_with_what_to_set(network, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="set KERAS_BACKEND=tensorflow.*'jax'"):
        export_model(network, tmp_path)


@pytest.mark.parametrize(
    "source, message",
    [
        ({"images": ["."], "dataset": "synthetic:1"}, "Received: images, dataset"),
        ({"crops": CROPS[..., :2]}, r"must be \(people, 32, 32, 3\), uint8"),
        ({"crops": CROPS / 255}, "Received: .*float64"),
        ({"crops": CROPS[:0]}, "`crops` must be"),
        ({"dataset": "mpi:there"}, "Did you mean 'mpii'"),
    ],
)
def test_crops_come_from_one_source_of_the_right_shape(
    network, source, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        export_model(network, tmp_path / "out", **source)
    assert not (tmp_path / "out").exists()


def test_images_and_datasets_are_cropped(network, photographs, drawn):
    paths, _ = photographs
    crops, text = crops_module.load_crops(network, images=paths[0].parent)
    assert crops.shape == (15, 32, 32, 3) and text == "15 images"
    crops, text = crops_module.load_crops(network, images=paths[:2])
    assert len(crops) == 2 and text == "2 images"
    crops, text = crops_module.load_crops(network, dataset=drawn)
    assert len(crops) == 5 and text == "5 people of `dataset`"
    crops, text = crops_module.load_crops(network)
    assert len(crops) == 90 and text == "90 crops of photographs"


def test_crops_to_calibrate_on_are_not_verified_on():
    crops = np.arange(96)
    calibration, held_out = crops_module.calibration_split(crops)
    assert len(calibration) == 64 and len(held_out) == 32
    assert sorted([*calibration, *held_out]) == [*crops]
    assert [*map(len, crops_module.calibration_split(crops[:2]))] == [2, 2]


def test_photographs_of_the_package_are_attributed_and_small():
    paths = [*crops_module.PHOTOGRAPHS.glob("*.jpg")]
    text = (crops_module.PHOTOGRAPHS / "ATTRIBUTION.txt").read_text()
    assert len(paths) % crops_module.HELD_OUT == 0
    assert all(f"{path.name.split('_')[0]}_*.jpg\thttp" in text for path in paths)
    assert sum(path.stat().st_size for path in paths) < 400_000


def with_peaks(*peaks, size=16):
    """Heatmaps `(1, size, size, 1)` of (row, column, height)."""
    heatmaps = np.zeros((1, size, size, 1), "float32")
    for row, column, height in peaks:
        heatmaps[0, row, column] = height
    return heatmaps


def test_a_second_peak_is_not_beside_the_first():
    heatmaps = [
        with_peaks((3, 3, 1.0), (3, 4, 0.9)),
        with_peaks((3, 3, 1.0), (3, 4, 0.9), (12, 9, 0.85)),
    ]
    second = verification.second_peaks(np.concatenate(heatmaps))
    np.testing.assert_allclose(second, [[0], [0.85]], atol=1e-6)


class Fixed:
    """A network of given heatmaps."""

    offset, image_size, input_size, heatmap_size = (0, 0), (64, 64), (64, 64), (16, 16)

    def __init__(self, heatmaps):
        self.heatmaps = heatmaps[:, None]

    def predict_on_batch(self, crops):
        return self.heatmaps


def test_only_joints_that_the_network_is_sure_of_are_judged(caplog):
    sure, low = with_peaks((3, 3, 1.0)), with_peaks((3, 3, 0.1))
    equal = with_peaks((3, 3, 1.0), (12, 9, 0.95))
    crops = np.zeros((1, 64, 64, 3), "uint8")
    heatmaps = np.concatenate([sure, low, equal], axis=-1)
    reference = verification.Reference(Fixed(heatmaps), crops, "argmax")
    assert reference.sure.tolist() == [[True, False, False]]
    far = {"keypoints": reference.keypoints + [[[1.2], [9], [9]]] * np.ones(2)}
    error = reference.measure(lambda crop: far)  # 1.7 px of 64: more than 2 %
    assert error.moved == 1 and error.median == pytest.approx(1.2 * 2**0.5)
    near = {"keypoints": reference.keypoints + 0.1}
    assert reference.measure(lambda crop: near).moved == 0
    nan = {"keypoints": reference.keypoints * np.nan}
    with pytest.raises(ValueError, match=r"100.00 % moved .* limit is 5 %, 0.6 px"):
        error, limit = reference.measure(lambda c: nan), verification.LIMITS["int8"]
        verification.require_close(error, limit, "x", reference)
    assert not caplog.messages
    unsure = verification.Reference(Fixed(low), crops, "argmax")
    assert unsure.sure.all() and "is the network trained" in caplog.text


def test_tolerance_is_a_factor_of_the_limits(network, tmp_path):
    limit = verification.ErrorLimit(0.01, 0.5).scaled(2, (128, 96))
    assert limit == (0.02, 0.5)
    for wrong in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="`tolerance` must be above 0"):
            export_model(network, tmp_path / "out", tolerance=wrong)


def test_metadata_of_other_files_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="ends in .tflite, .onnx, .xml"):
        read_metadata(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="has no metadata"):
        read_metadata(tmp_path)


def test_metadata_of_older_files_is_completed(tmp_path):
    (tmp_path / "assets").mkdir()
    old = {"joints": ["left_ear", "nose", "right_ear"], "licence": "MIT"}  # of 0.1
    old["made_by"] = "keras-hourglass 0.1.0"
    (tmp_path / "assets/about.json").write_text(json.dumps(old))
    facts = read_metadata(tmp_path)
    assert facts["license"] == "MIT" and facts["metadata_version"] == 1
    assert facts["flip_pairs"] == [["left_ear", "right_ear"]]
    assert facts["version"] == "0.1.0" and facts["offset"] == [0, 0]
    assert facts["input"]["channels"] == "RGB" and facts["decoder"] == "dark"


def test_metadata_says_all_that_another_program_needs(network):
    facts = describe_model(network, "dark", "int8")
    assert facts["metadata_version"] == 2 and facts["precision"] == "int8"
    assert ["left_hip", "right_hip"] in facts["flip_pairs"]
    dtype = {"dtype": "uint8", "range": [0, 255]}
    assert facts["input"] == {"layout": "NHWC", "channels": "RGB", **dtype}
    assert facts["offset"] == [0, 0] and facts["version"] == __version__
    assert facts["window"]["box_padding"] == 1.25
    assert facts["window"]["joints_padding"] == 1.4
    strings = to_strings(facts)
    assert json.loads(json.dumps(facts)) == _from_strings(strings) == facts


@pytest.mark.slow
def test_a_network_saved_under_jax_is_exported_by_the_command(tmp_path):
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    code = "from keras_hourglass import StackedHourglass as Network; "
    code += f"Network(**{TINY}).save({str(tmp_path / 'model.keras')!r})"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    command = [sys.executable, "-m", "keras_hourglass_cli.main", "export"]
    command += [tmp_path / "model.keras", tmp_path / "out", "--format", "litert"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out/hourglass.tflite").is_file()
