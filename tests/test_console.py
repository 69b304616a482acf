"""Messages and tables of the command."""

import logging
import subprocess
import sys

import pytest

from keras_hourglass.utils import format_table
from keras_hourglass_cli.terminal.console import (
    LIBRARY,
    RowPrinter,
    configure_logging,
)


@pytest.mark.parametrize(
    "options, shown",
    [
        ({}, ["kept", "Warning: odd"]),
        ({"quiet": True}, ["Warning: odd"]),
        ({"verbose": True}, ["detail", "kept", "Warning: odd"]),
    ],
)
def test_messages_are_plain_lines_on_stderr(options, shown, capsys):
    configure_logging(**options)
    logger = logging.getLogger(f"{LIBRARY}.data")
    logger.debug("detail")
    logger.info("kept")
    logger.warning("odd")
    printed = capsys.readouterr()
    assert printed.err.splitlines() == shown and not printed.out


def test_columns_never_run_together():
    names = ["a" * 30, "b", "[left] wrist"]
    lines = format_table(["joint", "PCKh"], [(n, "88.12") for n in names]).splitlines()
    assert [line.split()[-1] for line in lines] == ["PCKh", "88.12", "88.12", "88.12"]
    assert len({len(line) for line in lines}) == 1  # numbers are aligned right
    assert lines[3].startswith("[left] wrist ")


def test_rows_that_come_one_by_one_have_their_columns(capsys):
    printer = RowPrinter({"preset": 9, "ms": 6, "MB": 4})
    printer.print("hg1", "5.0", "100")
    printer.print("a_long_one", "5.0", "100")
    printer.print("hg8", "not installed: onnx")
    _, *rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "hg1           5.0   100"
    assert rows[1].split() == ["a_long_one", "5.0", "100"]
    assert rows[2].split(maxsplit=1) == ["hg8", "not installed: onnx"]


def test_an_error_is_not_lost_among_messages_of_libraries():
    command = [sys.executable, "-m", "keras_hourglass_cli.main", "predict", "no.jpg"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    *before, last = ended.stderr.splitlines()
    assert last == "Error: no.jpg: there is no such file or folder"
    # A driver that cannot be called is reported when a device is first used.
    assert all("cuInit" in line for line in before)
    assert ended.returncode == 1


def test_tensorflow_prints_nothing_whenever_it_is_imported():
    pytest.importorskip("tensorflow")
    pytest.importorskip("jax")
    code = (
        "from keras_hourglass_cli.terminal.console import start_keras\n"
        "start_keras('jax'); import tensorflow; print(tensorflow.__version__)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout and not ended.stderr


def test_messages_at_the_start_of_tensorflow_are_discarded_once_it_was_looked_for(
    tmp_path,
):
    (tmp_path / "tensorflow.py").write_text("import os; os.write(2, b'oneDNN is on')")
    code = "from keras_hourglass_cli.terminal.console import silence_keras as silence\n"
    code += "silence()\n"
    code += "from importlib.util import find_spec; assert find_spec('tensorflow')\n"
    code += "import tensorflow; assert tensorflow.os"
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
