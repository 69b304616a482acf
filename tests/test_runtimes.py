"""Runtimes: the same joints from each, and the choice of one."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.inference.runtimes import selection

MAX_SECONDS, MAX_MEGABYTES = 1.2, 250  # of a process that predicts on one photograph


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    cv2.imwrite(str(path), cv2.resize(draw_image(0, 0)[0], (640, 480)))
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_predict_takes_a_second_and_little_memory_without_keras(photo, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    if selection.has_nvidia_gpu():
        pytest.skip("a computer with an NVIDIA GPU runs Keras")
    code = f"""
import os, sys, time
from keras_hourglass_cli.main import main
main(["-v", "predict", {photo.name!r}], standalone_mode=False)
loaded = {{"keras", "tensorflow", "jax", "torch", "scipy", "h5py"}} & {{*sys.modules}}
(memory,) = (line for line in open("/proc/self/status") if line[:5] == "VmHWM")
print(sorted(loaded), int(memory.split()[1]) // 1000, time.process_time())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=photo.parent
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith("Runtime: litert, ")
    found, last = ended.stdout.splitlines()
    loaded, megabytes, seconds = last.rsplit(None, 2)
    assert loaded == "[]" and int(megabytes) < MAX_MEGABYTES
    # Of work: the elapsed time is that of other programs, too.
    assert float(seconds) < MAX_SECONDS
    assert len(json.loads(found)["people"][0]["joints"]) == 16
    assert photo.with_name("photo.joints.png").is_file()
