"""A network as LiteRT gets it."""

import sys

import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.export import export_format, verification
from keras_hourglass.export.graph import crop_graphs
from keras_hourglass.export.litert import PRECISIONS, read_metadata
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.runtimes import litert


@pytest.fixture(scope="module")
def files(lively, photographs, tmp_path_factory):
    """Precision -> the file; of eight bits without its limit: nothing was learnt."""
    folder, (_, crops) = tmp_path_factory.mktemp("litert"), photographs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "QUANTIZED", verification.ErrorLimit(99, "mean"))
        return {
            precision: export_format(
                lively, folder, "litert", precision=precision, crops=crops
            )
            for precision in PRECISIONS
        }


def test_joints_on_photographs_are_the_networks(files, lively, photographs):
    _, crops = photographs
    off = {
        precision: verification.measure_error(litert(path), lively, crops)
        for precision, path in files.items()
    }
    assert off["float32"].largest < 1e-3
    assert off["float32"].largest < off["float16"].largest
    assert off["float16"].mean < 0.05
    assert off["float16"].mean < off["int8"].mean < 3


def test_the_decoder_stays_exact_where_the_network_is_of_eight_bits(files, lively):
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 48, 3), "uint8")
    answer = litert(files["int8"])(crops)
    points, scores = decode(answer["heatmaps"], lively.offset)
    expected = crop_graphs(lively).to_image(points, lively.heatmap_size)
    np.testing.assert_allclose(answer["keypoints"], expected, atol=1e-3)
    np.testing.assert_allclose(answer["scores"], scores, rtol=1e-6)


def test_fewer_bits_are_smaller_files(files):
    whole, half, quarter = (files[name].stat().st_size for name in PRECISIONS)
    assert half < whole and quarter < whole


def test_a_file_says_what_it_is(files, lively):
    about = read_metadata(files["int8"].read_bytes())
    assert about["joints"] == list(lively.skeleton.joints)
    assert about["image_size"] == [64, 48] and about["licence"] == "Apache-2.0"
    assert about["precision"] == "int8" and about["made_by"].startswith("keras-h")


def test_tensorflows_interpreter_reads_it_too(files, monkeypatch):
    crops = np.zeros((1, 64, 48, 3), "uint8")
    expected = litert(files["float32"])(crops)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    again = litert(files["float32"])(crops)
    np.testing.assert_allclose(again["keypoints"], expected["keypoints"], atol=1e-3)


def test_a_file_that_is_off_is_not_written(lively, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "EXACT", verification.ErrorLimit(-1, "largest"))
    (tmp_path / "hourglass.tflite").write_text("the one before")
    with pytest.raises(ValueError, match="not written: its joints are 0.0.* is -1 px"):
        export_format(lively, tmp_path, "litert", crops=photographs[1])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the one before"]


def test_several_people_at_once_and_any_number_of_them(tmp_path):
    model = StackedHourglass(
        stacks=1, filters=4, stem_filters=2, depth=1, image_size=32
    )
    path = export_format(
        model,
        tmp_path,
        "litert",
        crops=verification.synthetic_crops(model, 4),
        batch_size=3,
    )
    crops = verification.synthetic_crops(model, 7)
    answer = litert(path)(crops)
    assert answer["keypoints"].shape == (7, 16, 2)
    assert verification.measure_error(litert(path), model, crops).largest < 1e-2


def test_an_unknown_precision_is_refused(lively, tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'int8'"):
        export_format(lively, tmp_path, "litert", precision="int9")
