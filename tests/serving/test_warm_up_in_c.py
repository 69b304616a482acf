"""A C program, with TensorFlow's library alone, serves what was exported."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.export import saved_model


def test_a_c_program_runs_the_warm_up_and_gets_the_same(version, tmp_path):
    if (compiler := shutil.which("gcc")) is None:
        pytest.skip("needs gcc")
    home, program = Path(tf.__file__).parent, tmp_path / "warm_up"
    libraries = ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
    source = Path(__file__).with_name("warm_up.c")
    command = [compiler, source, "-Wall", "-Werror", "-o", program, f"-I{home}/include"]
    command += [f"-L{home}", *libraries, f"-Wl,-rpath,{home}"]
    subprocess.run(command, check=True)
    run = subprocess.run([program, version], capture_output=True, text=True, check=True)
    *lines, refusal = run.stdout.splitlines()
    assert refusal.startswith("refused 3 assertion failed") and "PNG" in refusal
    found = {}
    for number, name, *values in map(str.split, lines):
        found[int(number), name] = np.array(values, float)
    signatures = tf.saved_model.load(version).signatures
    requests = saved_model.warm_up_requests((32, 32))
    for number, (signature, inputs) in enumerate(requests):
        asked = {key: tf.constant(value) for key, value in inputs.items()}
        for name, value in signatures[signature](**asked).items():
            values = np.ravel(value)
            np.testing.assert_allclose(found.pop((number, name)), values, atol=1e-3)
    assert not found
