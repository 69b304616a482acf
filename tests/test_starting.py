"""The command speaks for itself: what TensorFlow says at its start is not shown."""

import os
import subprocess
import sys

import pytest

from keras_hourglass.utils import silence


def test_what_is_written_past_python_is_not_shown(capfd):
    with silence(2, show_on_error=True):
        os.write(2, b"no cuda\n")
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_all_of_it_is_shown_where_starting_fails(capfd):
    with pytest.raises(ImportError), silence(2, show_on_error=True):
        os.write(2, b"a library is missing\n")
        raise ImportError
    assert capfd.readouterr().err == "a library is missing\n"


def test_an_error_is_not_lost_among_remarks():
    command = [sys.executable, "-m", "keras_hourglass_cli.main", "predict", "no.jpg"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    *remarks, last = ended.stderr.splitlines()
    assert last == "Error: no.jpg: No such file or directory"
    # A driver that cannot be called is told of later, when a device is first used.
    assert all("cuInit" in remark for remark in remarks)
    assert ended.returncode == 1
