"""How quick a network is in each runtime that is installed."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from keras_hourglass.export import litert, onnx, openvino, runtimes, saved_model
from keras_hourglass.fuse import fuse


class Way(NamedTuple):
    """One way to run a network.

    Attributes:
        runtime: A key of `runtimes.RUNTIMES`.
        write: Writes (a model, to a path).
        ending: Of the path.
        takes: Packages that not everybody has.
        sized: Whether a file is for one size of batch, which `write` then takes, too.
    """

    runtime: str
    write: Callable
    ending: str = ""
    takes: tuple[str, ...] = ()
    sized: bool = False

    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name in self.takes if find_spec(name) is None]


def _as_it_is(model, path):
    model.save(path)


def _fused(model, path):
    fuse(model).save(path)


def _for_one_batch(model, path, batch_size):
    litert.write(model, path, batch_size=batch_size)


WAYS = {
    "keras": Way("keras", _as_it_is, ".keras"),
    "keras, fused": Way("keras", _fused, ".keras"),
    "savedmodel": Way("saved_model", saved_model.write),
    "litert": Way("litert", _for_one_batch, ".tflite", sized=True),
    "onnx": Way("onnx", onnx.write, ".onnx", ("tf2onnx", "onnx", "onnxruntime")),
    "openvino": Way("openvino", openvino.write, ".xml", ("openvino",)),
}


def measure(model, way: Way, folder, batches=(1, 16), seconds: float = 1.0) -> dict:
    """Runs a network in a process of its own.

    Args:
        model: A `StackedHourglass`.
        way: How.
        folder: For files, empty.
        batches: People at once.
        seconds: How long each of them is timed at least.

    Returns:
        "milliseconds" of a batch, by its size; "people_per_second" of the quickest;
        "most_memory", bytes that the process had at most, with all that it is made of.

    Raises:
        RuntimeError: If the process fails.
    """
    if way.sized:
        paths = [Path(folder, f"{batch}{way.ending}") for batch in batches]
        for path, batch in zip(paths, batches):
            way.write(model, path, batch)
    else:
        paths = [Path(folder, f"any{way.ending}")] * len(batches)
        way.write(model, paths[0])
    files = [f"{path}:{batch}" for path, batch in zip(paths, batches)]
    task = [way.runtime, str(seconds), *map(str, model.image_size), *files]
    # -P: what lies beside the file are modules of this library.
    run = subprocess.run(
        [sys.executable, "-P", runtimes.__file__, *task], capture_output=True, text=True
    )
    if run.returncode:
        raise RuntimeError((run.stderr.strip().splitlines() or ["It ended."])[-1])
    found = json.loads(run.stdout.splitlines()[-1])
    rates = [1000 * int(n) / taken for n, taken in found["milliseconds"].items()]
    return {**found, "people_per_second": max(rates)}
