"""How quick a network is in each runtime that is installed.

`hourglass-keras benchmark model`: what presets cost, runtime by runtime.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click
import numpy as np

from keras_hourglass import StackedHourglass
from keras_hourglass.export import litert, onnx, openvino, saved_model
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference import runtimes
from keras_hourglass.models import presets
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.fusion.network import fuse
from keras_hourglass.training import distribution
from keras_hourglass.utils import silence
from keras_hourglass_cli.benchmark.network import network_command
from keras_hourglass_cli.benchmark.predict import Decoding
from keras_hourglass_cli.dataset_options import json_option


class RuntimeSpec(NamedTuple):
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


def _unfused(model, path):
    model.save(path)


def _fused(model, path):
    fuse(model).save(path)


def _for_one_batch(model, path, batch_size):
    litert.write_litert(model, path, batch_size=batch_size)


RUNTIMES = {
    "keras": RuntimeSpec("keras", _unfused, ".keras"),
    "keras, fused": RuntimeSpec("keras", _fused, ".keras"),
    "savedmodel": RuntimeSpec("saved_model", saved_model.write_saved_model),
    "litert": RuntimeSpec("litert", _for_one_batch, ".tflite", sized=True),
    "onnx": RuntimeSpec(
        "onnx", onnx.write_onnx, ".onnx", ("tf2onnx", "onnx", "onnxruntime")
    ),
    "openvino": RuntimeSpec("openvino", openvino.write_openvino, ".xml", ("openvino",)),
}


def measure(
    model, way: RuntimeSpec, folder, batches=(1, 16), seconds: float = 1.0
) -> dict:
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


BATCHES = 1, 16
HEADER = f"{'preset':32}{'parameters':>12}{'multiply-adds':>16}  {'runtime':14}"
HEADER += f"{'ms at 1':>9}{'ms at 16':>10}{'people/s':>10}{'MB':>7}{'share':>7}"


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@click.option(
    "--runtime",
    "ways",
    type=click.Choice(list(RUNTIMES)),
    multiple=True,
    help="May be given several times.  [default: all]",
)
@click.option("--seconds", type=click.FloatRange(0), default=1.0, show_default=True)
@json_option
def model_command(names, ways, seconds, as_json):
    """Size, speed and memory of presets, in each runtime that is installed.

    On this computer's CPU, with random weights where a preset has no others. Each
    runtime has a process of its own: "MB" is the most memory that it had, the runtime
    included. "share" is that of the rate at which the CPU multiplies matrices. Files
    decode, too; "keras" is the network alone, and the decoder has a row of its own.
    The loader is measured by `benchmark loader`.
    """
    wanted = {name: presets.get_preset(name) for name in names or presets.PRESETS}
    peak, rows = network_command.matrix_rate(), []
    head = {"date": str(date.today()), "device": distribution.device_name()}
    head |= {"cores": os.cpu_count(), "matrix_rate": peak}
    if not as_json:
        rate = f"{peak / 1e9:.1f} G multiply-adds/s of matrices"
        click.echo(f"{head['date']}, {head['device']}, {head['cores']} cores: {rate}")
        click.echo(HEADER)
    for name, preset in wanted.items():
        network = StackedHourglass.from_preset(name, weights=preset.weights is not None)
        fixed = {"preset": name, "parameters": count_parameters(network)}
        fixed["multiply_adds"] = count_macs(network)
        for way in ways or RUNTIMES:
            row = fixed | {"runtime": way} | measured(network, way, seconds)
            if "people_per_second" in row:
                rate = row["people_per_second"] * row["multiply_adds"]
                row["share_of_peak"] = rate / peak
            rows.append(row)
            if not as_json:
                click.echo(format_row(row))
        rows.append(fixed | {"runtime": "decoder", **decoder(network, seconds)})
        if not as_json:
            click.echo(format_row(rows[-1]))
    if as_json:
        click.echo(json.dumps({**head, "rows": rows}))


def measured(network, way, seconds) -> dict:
    """What `timing.measure` finds, or what went wrong."""
    way = RUNTIMES[way]
    if missing := way.missing():
        return {"error": f"not installed: {', '.join(missing)}"}
    try:
        with TemporaryDirectory() as folder, silence(1, 2):
            return measure(network, way, folder, BATCHES, seconds)
    except Exception as error:  # each converter has its own
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": first}


def decoder(network, seconds) -> dict:
    """How long decoding alone takes, compiled as behind the network."""
    decode, taken = Decoding(DEFAULT_DECODER), {}
    shape = (*network.heatmap_size[::-1], len(network.skeleton.joints))
    random = np.random.default_rng(0)
    for batch in BATCHES:
        maps = random.random((batch, *shape), dtype="float32")
        taken[batch] = runtimes.measure_milliseconds(
            decode.predict_on_batch, maps, seconds
        )
    best = max(1000 * batch / each for batch, each in taken.items())
    return {"milliseconds": taken, "people_per_second": best}


def format_row(row) -> str:
    """A row of the table."""
    start = f"{row['preset']:32}{row['parameters']:12,}{row['multiply_adds']:16,}"
    start += f"  {row['runtime']:14}"
    if "error" in row:
        return start + row["error"]
    one, many = row["milliseconds"].values()
    start += f"{one:9.1f}{many:10.1f}{row['people_per_second']:10.1f}"
    if row.get("most_memory"):
        start += f"{row['most_memory'] / 1e6:7.0f}{row['share_of_peak']:7.0%}"
    return start
