"""Damaged images and annotations are read or refused: no crash, no hang, no silence.

In a process of their own, since a crash would end this one.
"""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent / "fuzz"


def run(script, first, count, folder, seconds):
    command = [sys.executable, FUZZ / script, str(first), str(count), folder]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert f"{count} damaged" in ran.stdout and "0 wrong" in ran.stdout


@pytest.mark.parametrize("script, count", [("images.py", 500), ("annotations.py", 300)])
def test_damaged_files_are_read_or_refused(script, count, tmp_path):
    if script == "images.py":
        pytest.importorskip("tensorflow")
    run(script, 0, count, tmp_path, 300)


@pytest.mark.slow
@pytest.mark.parametrize("script", ["images.py", "annotations.py"])
def test_thousands_of_damaged_files_are_read_or_refused(script, tmp_path):
    run(script, 1000, 5000, tmp_path, 1200)
