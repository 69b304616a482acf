"""A network as ONNX Runtime gets it."""

import json
import sys

import numpy as np
import pytest

from keras_hourglass.export import export_format, verification
from keras_hourglass.inference.runtimes import onnx


@pytest.fixture(scope="module")
def file(lively, photographs, tmp_path_factory):
    for name in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(name)
    return export_format(
        lively, tmp_path_factory.mktemp("m"), "onnx", crops=photographs[1]
    )


def test_joints_on_photographs_are_the_networks(file, lively, photographs):
    _, crops = photographs
    assert verification.measure_error(onnx(file), lively, crops).largest < 1e-3
    together, alone = (onnx(file)(some) for some in (crops, crops[:1]))
    assert together["heatmaps"].shape == (15, 16, 12, 16)
    np.testing.assert_allclose(together["scores"][:1], alone["scores"], atol=1e-5)


def test_a_file_says_what_it_is(file, lively):
    held = sys.modules["onnx"].load(file).metadata_props
    about = {entry.key: entry.value for entry in held}
    assert json.loads(about["joints"]) == list(lively.skeleton.joints)
    assert about["image_size"] == "[64, 48]" and about["licence"] == "Apache-2.0"
    assert about["made_by"].startswith("keras-hourglass ")


def test_a_package_that_is_missing_is_one_line_with_the_extra(
    lively, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        export_format(lively, tmp_path / "new", "onnx")
    assert str(caught.value) == (
        "`format` 'onnx' needs tf2onnx: pip install 'keras-hourglass[onnx]'"
    )
    assert not (tmp_path / "new").exists()
