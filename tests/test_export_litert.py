"""Export to LiteRT."""

import json
import sys

import numpy as np
import pytest

from keras_hourglass import StackedHourglass, export_model, fuse
from keras_hourglass.export import verification
from keras_hourglass.export.formats import FORMATS
from keras_hourglass.export.graph import CropGraphs, crop_window
from keras_hourglass.export.verification import ErrorLimit, Reference
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.runtimes.litert import LiteRT
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.models.trunk.hourglass import UpsampledSum

PRECISIONS = FORMATS["litert"].precisions


@pytest.fixture(scope="module")
def files(lively, photographs, tmp_path_factory):
    """Precision -> the file. The limit of 8 bits is lifted: nothing was learnt."""
    folder, (_, crops) = tmp_path_factory.mktemp("litert"), photographs
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(verification.LIMITS, "int8", ErrorLimit(1, 9999))
        formats = [f"litert:{precision}" for precision in PRECISIONS]
        results = export_model(lively, folder, formats, crops=crops)
        return {name: result.path for name, result in zip(PRECISIONS, results)}


def test_keypoints_on_photographs_are_the_networks(files, lively, photographs):
    _, crops = photographs
    error = {
        precision: Reference(lively, crops).measure(LiteRT(path))
        for precision, path in files.items()
    }
    assert error["float32"].max < 1e-3
    assert error["float32"].max < error["float16"].max
    assert error["float16"].mean < 0.05
    assert error["float16"].mean < error["int8"].mean < 3


def test_the_decoder_stays_exact_where_the_network_is_of_eight_bits(files, lively):
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 48, 3), "uint8")
    answer = LiteRT(files["int8"])(crops)
    points, scores = decode(answer["heatmaps"], lively.offset)
    expected = crop_window(lively).to_image(points, lively.heatmap_size)
    np.testing.assert_allclose(answer["keypoints"], expected, atol=1e-3)
    np.testing.assert_allclose(answer["scores"], scores, rtol=1e-6)


def test_a_network_that_is_fused_already_is_as_before_its_export(lively):
    fused = fuse(lively)
    CropGraphs(fused, broadcast=True).network(1).get_concrete_function()
    sums = [layer for layer in fused.layers if isinstance(layer, UpsampledSum)]
    assert sums and not any(layer.broadcast for layer in sums)


def test_fewer_bits_are_smaller_files(files):
    whole, half, quarter = (files[name].stat().st_size for name in PRECISIONS)
    assert half < whole and quarter < whole
    names = [path.name for path in files.values()]
    endings = (".tflite", "_float16.tflite", "_int8.tflite")
    assert names == [f"hourglass{ending}" for ending in endings]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_xnnpack_computes_the_network_in_one_piece(files, precision):
    """Each operation that it lacks, such as TILE of an upsampling, would cut it."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(str(files[precision]))
    operations = [operation["op_name"] for operation in interpreter._get_ops_details()]
    assert "CONV_2D" in operations and "TILE" not in operations


def test_a_file_describes_itself(files, lively):
    facts = read_metadata(files["int8"])
    assert facts["joints"] == list(lively.skeleton.joints)
    assert facts["limbs"] == [list(limb) for limb in lively.skeleton.limbs]
    assert facts["image_size"] == [64, 48] and facts["license"] == "Apache-2.0"
    assert facts["precision"] == "int8" and facts["made_by"].startswith("keras-h")


def test_tensorflows_interpreter_reads_it_too(files, monkeypatch):
    crops = np.zeros((1, 64, 48, 3), "uint8")
    expected = LiteRT(files["float32"])(crops)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    again = LiteRT(files["float32"])(crops)
    np.testing.assert_allclose(again["keypoints"], expected["keypoints"], atol=1e-3)


def test_a_file_that_is_off_is_not_written(lively, photographs, tmp_path, monkeypatch):
    monkeypatch.setitem(verification.LIMITS, "float32", ErrorLimit(-1, -1))
    (tmp_path / "hourglass.tflite").write_text("the one before")
    message = "Keypoints of litert must be the network's. .* 0.00 % moved.* is -100 %"
    with pytest.raises(ValueError, match=message):
        export_model(lively, tmp_path, "litert", crops=photographs[1])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the one before"]


def test_a_fixed_batch_size_takes_any_number_of_people(tmp_path):
    size = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(**size)
    crops = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), "uint8")
    (result,) = export_model(model, tmp_path, "litert", crops=crops, batch_size=3)
    run = LiteRT(result.path)
    assert run(crops)["keypoints"].shape == (7, 16, 2)
    assert Reference(model, crops).measure(run).max < 1e-2
    about = json.loads((tmp_path / "hourglass.tflite.about.json").read_text())
    assert about == read_metadata(result.path) and about["batch_size"] == 3


def test_another_decoder_is_in_the_file(lively, photographs, tmp_path):
    crops = photographs[1][:4]
    options = {"crops": crops, "decoder": "quarter"}
    (result,) = export_model(lively, tmp_path, "litert", **options)
    assert result.max_error < 1e-2
    assert read_metadata(result.path)["decoder"] == "quarter"
    answer = LiteRT(result.path)(crops)
    points, _ = decode(answer["heatmaps"], lively.offset, "quarter")
    expected = crop_window(lively).to_image(points, lively.heatmap_size)
    np.testing.assert_allclose(answer["keypoints"], expected, atol=1e-3)
