"""Export to OpenVINO."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import numpy as np
import pytest

from keras_hourglass import export_model
from keras_hourglass.export import verification
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.runtimes.openvino import OpenVino

FILES = ["hourglass.bin", "hourglass.xml", "hourglass.xml.about.json"]


@pytest.fixture(scope="module")
def file(lively, photographs, tmp_path_factory):
    pytest.importorskip("openvino")
    folder = tmp_path_factory.mktemp("m")
    (result,) = export_model(lively, folder, "openvino", crops=photographs[1])
    assert result.bytes == sum(path.stat().st_size for path in folder.iterdir())
    return result.path


def test_keypoints_on_photographs_are_the_networks(file, lively, photographs):
    _, crops = photographs
    assert verification.Reference(lively, crops).measure(OpenVino(file)).max < 1e-2
    assert OpenVino(file)(crops)["heatmaps"].shape == (15, 16, 12, 16)


def test_threads_share_a_network(file, photographs):
    run, (_, crops) = OpenVino(file), photographs
    expected = run(crops)["keypoints"]
    with ThreadPoolExecutor(4) as pool:
        for outputs in pool.map(run, [crops] * 20):
            np.testing.assert_allclose(outputs["keypoints"], expected, atol=1e-4)


def test_joints_of_the_runtime_are_those_of_keras(file, joints_of_keras):
    joints_of_keras(file, "openvino")


def test_a_file_describes_itself(file, lively):
    facts = read_metadata(file)
    assert facts["joints"] == list(lively.skeleton.joints)
    assert facts["limbs"] == [list(limb) for limb in lively.skeleton.limbs]
    assert facts["image_size"] == [64, 48] and facts["license"] == "Apache-2.0"
    assert facts["made_by"].startswith("keras-hourglass ")


def test_metadata_need_no_part_of_the_library(file, lively):
    """As docs/export.md has it."""
    entries = ElementTree.parse(file).find("rt_info/keras_hourglass")
    joints = json.loads(entries.find("joints").get("value"))
    assert joints == list(lively.skeleton.joints)
    assert json.loads(entries.find("input").get("value"))["channels"] == "RGB"


def test_both_files_are_new_or_none(file, lively, photographs, monkeypatch):
    assert sorted(os.listdir(file.parent)) == FILES
    before = file.read_bytes()
    limit = verification.ErrorLimit(-1, -1)
    monkeypatch.setitem(verification.LIMITS, "float32", limit)
    with pytest.raises(ValueError, match="Keypoints of openvino must be the network"):
        export_model(lively, file.parent, "openvino", crops=photographs[1])
    assert sorted(os.listdir(file.parent)) == FILES
    assert file.read_bytes() == before
