"""Export to ONNX."""

import json
import sys

import numpy as np
import pytest

from keras_hourglass import export_model
from keras_hourglass.export import verification
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.runtimes.onnx import Onnx


@pytest.fixture(scope="module")
def file(lively, photographs, tmp_path_factory):
    for name in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(name)
    folder = tmp_path_factory.mktemp("m")
    (result,) = export_model(lively, folder, "onnx", crops=photographs[1])
    return result.path


def test_keypoints_on_photographs_are_the_networks(file, lively, photographs):
    _, crops = photographs
    assert verification.Reference(lively, crops).measure(Onnx(file)).max < 1e-3
    model = pytest.importorskip("onnx").load(file)
    for tensor in (*model.graph.input, *model.graph.output):
        assert tensor.type.tensor_type.shape.dim[0].dim_param == "batch"
    together, alone = (Onnx(file)(some) for some in (crops, crops[:1]))
    assert together["heatmaps"].shape == (15, 16, 12, 16)
    np.testing.assert_allclose(together["scores"][:1], alone["scores"], atol=1e-5)


def test_joints_of_the_runtime_are_those_of_keras(file, joints_of_keras):
    joints_of_keras(file, "onnx")


def test_a_file_describes_itself(file, lively):
    facts = read_metadata(file)
    assert facts["joints"] == list(lively.skeleton.joints)
    assert facts["limbs"] == [list(limb) for limb in lively.skeleton.limbs]
    assert facts["image_size"] == [64, 48] and facts["license"] == "Apache-2.0"
    assert facts["made_by"].startswith("keras-hourglass ")


def test_metadata_need_no_part_of_the_library(file, lively):
    """As docs/export.md has it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file))
    texts = session.get_modelmeta().custom_metadata_map
    assert json.loads(texts["joints"]) == list(lively.skeleton.joints)
    assert json.loads(texts["input"])["channels"] == "RGB"


def test_a_missing_package_is_one_line_with_the_extra(lively, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    crops = np.zeros((1, 64, 48, 3), "uint8")
    with pytest.raises(ModuleNotFoundError) as caught:
        export_model(lively, tmp_path / "new", "onnx", crops=crops)
    assert str(caught.value) == (
        "The format 'onnx' needs tf2onnx: pip install '.[onnx]'"
    )
    assert not (tmp_path / "new").exists()
