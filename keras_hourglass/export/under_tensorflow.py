"""Exports that need TensorFlow, from a process where Keras runs on something else."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np


def export_under_tensorflow(model, directory, format: str, options: dict) -> Path:
    """Does what `keras_hourglass.export.export` does, in a process of its own.

    The network is saved, and loaded there: its block must be one of the library's.
    """
    if find_spec("tensorflow") is None:
        raise ModuleNotFoundError(
            f"`format` {format!r} needs TensorFlow: pip install tensorflow"
        )
    with TemporaryDirectory() as drafts:
        path = Path(drafts, f"{model.name}.keras")
        model.save(path)
        if options.get("crops") is not None:
            np.save(crops := f"{drafts}/crops.npy", options["crops"])
            options = {**options, "crops": crops}
        task = json.dumps([str(path), str(directory), format, options])
        run = subprocess.run(
            [sys.executable, "-m", __name__, task],
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
        )
    said = (run.stdout if run.returncode == 0 else run.stderr).strip().splitlines()
    last = said[-1] if said else f"exit status {run.returncode}"
    if run.returncode:
        raise RuntimeError(f"The process under TensorFlow failed: {last}")
    return Path(last)


if __name__ == "__main__":
    from keras_hourglass import export as room
    from keras_hourglass.models.loading import load_model

    model, *others, options = json.loads(sys.argv[1])
    if options.get("crops") is not None:
        options["crops"] = np.load(options["crops"])
    print(room.export_format(load_model(model), *others, **options))
