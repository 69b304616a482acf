"""Packages that a command imports: its start is mostly their time."""

import json
import subprocess
import sys

from keras_hourglass_cli import main as cli

WATCHED = ("tensorflow", "jax", "torch", "keras", "scipy", "matplotlib", "cv2", "h5py")
WATCHED += ("numpy", "tensorboard", "PIL", "pandas", "av")
ARRAYS = {"numpy", "cv2", "h5py"}
# After each of a process's commands: the watched packages that it has imported.
PROGRAM = """
import json, sys
from click.testing import CliRunner
from keras_hourglass_cli.main import main

watched, commands = json.loads(sys.argv[1])
for arguments in commands:
    result = CliRunner().invoke(main, arguments)
    imported = [name for name in watched if name in sys.modules]
    print(json.dumps([imported, result.exit_code, result.output]))
"""


def run(commands):
    """Runs commands in one fresh process: the imports and outputs after each."""
    args = [sys.executable, "-c", PROGRAM, json.dumps([WATCHED, commands])]
    output = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def assert_imported(commands, allowed):
    for arguments, (imported, code, output) in zip(commands, run(commands)):
        assert code == 0, output
        assert {*imported} <= allowed, arguments


def test_the_list_of_commands_imports_no_package_of_arrays():
    assert_imported([["--help"], ["--version"]], set())


def test_help_and_presets_need_no_backend_and_no_scipy():
    helps = [[name, "--help"] for name in cli.COMMANDS]
    helps += [["data", name, "--help"] for name in ("check", "show", "prepare")]
    assert_imported([*helps, ["info"], ["info", "hg2", "--json"]], ARRAYS)


def test_data_needs_no_backend_and_no_scipy(noise, tmp_path):
    dataset = ["--dataset", f"crops:{noise}"]
    show = ["data", "show", *dataset, "--output", str(tmp_path / "people.png")]
    prepare = ["data", "prepare", *dataset, "--output", str(tmp_path / "crops")]
    assert_imported([["data", "check", *dataset], show, prepare], ARRAYS)
    detect = ["--task", "detect", "--dataset", "synthetic:2"]
    show = ["data", "show", *detect, "--output", str(tmp_path / "photographs.png")]
    assert_imported([["data", "check", *detect], show], ARRAYS)


def test_a_file_of_predictions_is_scored_without_a_backend(shared):
    mpii = shared / "mpii"
    file = mpii / "reference_predictions/bearpaw-hg_s1_b1.mat"
    score = ["evaluate", "--predictions", str(file), "--dataset", f"mpii:{mpii}"]
    assert_imported([score], {*ARRAYS, "scipy"})
