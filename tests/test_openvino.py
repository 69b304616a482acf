"""A network as OpenVINO gets it."""

import json
import os

import pytest

from keras_hourglass.export import export_format, verification
from keras_hourglass.inference.runtimes import openvino


@pytest.fixture(scope="module")
def file(lively, photographs, tmp_path_factory):
    pytest.importorskip("openvino")
    folder = tmp_path_factory.mktemp("m")
    return export_format(lively, folder, "openvino", crops=photographs[1])


def test_joints_on_photographs_are_the_networks(file, lively, photographs):
    _, crops = photographs
    assert verification.measure_error(openvino(file), lively, crops).largest < 1e-2
    assert openvino(file)(crops)["heatmaps"].shape == (15, 16, 12, 16)


def test_a_file_says_what_it_is(file, lively):
    held = pytest.importorskip("openvino").Core().read_model(file)
    about = {
        name: held.get_rt_info(["keras_hourglass", name]).astype(str)
        for name in ("joints", "image_size", "licence", "made_by")
    }
    assert json.loads(about["joints"]) == list(lively.skeleton.joints)
    assert about["image_size"] == "[64, 48]" and about["licence"] == "Apache-2.0"
    assert about["made_by"].startswith("keras-hourglass ")


def test_both_files_are_new_or_none(file, lively, photographs, monkeypatch):
    assert sorted(os.listdir(file.parent)) == ["hourglass.bin", "hourglass.xml"]
    before = file.read_bytes()
    monkeypatch.setattr(verification, "EXACT", verification.ErrorLimit(-1, "largest"))
    with pytest.raises(ValueError, match="hourglass.xml is not written: its joints"):
        export_format(lively, file.parent, "openvino", crops=photographs[1])
    assert sorted(os.listdir(file.parent)) == ["hourglass.bin", "hourglass.xml"]
    assert file.read_bytes() == before
