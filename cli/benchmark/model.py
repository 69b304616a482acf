"""`hourglass-keras benchmark model`: presets in each runtime that is installed."""

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

from keras_hourglass_cli.benchmark.network import matrix_rate
from keras_hourglass_cli.benchmark.predict import decoding_model
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.terminal.console import RowPrinter, start_keras

BATCH_SIZES = 1, 16
COLUMNS = {"preset": 31, "runtime": 13, "parameters": 11, "multiply-adds": 14}
COLUMNS |= {f"ms at {n}": 8 for n in BATCH_SIZES}
COLUMNS |= {"people/s": 8, "peak MB": 7, "share": 5}


class RuntimeSpec(NamedTuple):
    """One way to run a network.

    Attributes:
        runtime: A key of `inference.runtimes.RUNTIMES`.
        write: Writes a model: (the model, a path) or, where a file is for one batch
            size, (the model, a path, that size).
        ending: Of the path.
        packages: Optional packages that it needs.
        one_batch_size: Whether a file is for one batch size.
    """

    runtime: str
    write: Callable
    ending: str = ""
    packages: tuple[str, ...] = ()
    one_batch_size: bool = False

    def missing_packages(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]


def _write_unfused(model, path):
    model.save(path)


def _write_fused(model, path):
    from keras_hourglass.models.fusion.network import fuse

    fuse(model).save(path)


def _write_saved_model(model, path):
    from keras_hourglass.export import saved_model

    saved_model.write(model, path)


def _write_litert(model, path, batch_size):
    from keras_hourglass.export import litert

    litert.write(model, path, batch_size=batch_size)


def _write_onnx(model, path):
    from keras_hourglass.export import onnx

    onnx.write(model, path)


def _write_openvino(model, path):
    from keras_hourglass.export import openvino

    openvino.write(model, path)


RUNTIMES = {
    "keras": RuntimeSpec("keras", _write_unfused, ".keras"),
    "keras, fused": RuntimeSpec("keras", _write_fused, ".keras"),
    "savedmodel": RuntimeSpec("savedmodel", _write_saved_model),
    "litert": RuntimeSpec("litert", _write_litert, ".tflite", one_batch_size=True),
    "onnx": RuntimeSpec(
        "onnx", _write_onnx, ".onnx", ("tf2onnx", "onnx", "onnxruntime")
    ),
    "openvino": RuntimeSpec("openvino", _write_openvino, ".xml", ("openvino",)),
}


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@click.option(
    "--runtime",
    "chosen",
    type=click.Choice(list(RUNTIMES)),
    multiple=True,
    help="May be given several times.  [default: all]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Least time of each measurement.",
)
@json_option
def command(names, chosen, seconds, as_json):
    """Size, speed and memory of presets, in each runtime that is installed.

    On this computer's CPU, with random weights where a preset has no others. Each
    runtime has a process of its own: "peak MB" is the peak memory of that process,
    the runtime included. "share" is that of the rate at which the CPU multiplies
    matrices.
    Exported files decode, too; "keras" is the network alone, and the decoder has a row
    of its own. The loader is measured by `benchmark loader`.
    """
    start_keras()
    from keras_hourglass.models.flops import count_macs, count_parameters
    from keras_hourglass.models.presets import PRESETS, get_preset
    from keras_hourglass.models.stacked_hourglass import StackedHourglass
    from keras_hourglass.training.distribution import device_name

    presets = {name: get_preset(name) for name in names or PRESETS}
    peak, rows = matrix_rate(), []
    head = {"date": str(date.today()), "device": device_name()}
    head |= {"cores": os.cpu_count(), "matrix_rate": peak}
    if not as_json:
        rate = f"{peak / 1e9:.1f} G multiply-adds/s of matrices"
        click.echo(f"{head['date']}, {head['device']}, {head['cores']} cores: {rate}")
        printer = RowPrinter(COLUMNS, text=2)
    for name, preset in presets.items():
        network = StackedHourglass.from_preset(name, preset.weights is not None)
        fixed = {"preset": name, "parameters": count_parameters(network)}
        fixed["multiply_adds"] = count_macs(network)
        for runtime in [*(chosen or RUNTIMES), "decoder"]:
            if runtime == "decoder":
                row = measure_decoder(network, seconds)
            else:
                row = measure_or_error(network, runtime, seconds)
            if runtime != "decoder" and "error" not in row:
                rate = row["people_per_second"] * fixed["multiply_adds"]
                row["share_of_peak"] = rate / peak
            rows.append(fixed | {"runtime": runtime} | row)
            if not as_json:
                printer.print(*format_row(rows[-1]))
    if as_json:
        click.echo(json.dumps({**head, "rows": rows}))


def measure(
    model, spec: RuntimeSpec, folder, batch_sizes=BATCH_SIZES, seconds: float = 1.0
) -> dict:
    """Runs a network in a process of its own.

    Args:
        model: A `StackedHourglass`.
        spec: How to run it.
        folder: An empty folder, for files.
        batch_sizes: People at once.
        seconds: How long each of them is timed at least.

    Returns:
        "milliseconds" of a batch, by its size; "people_per_second" of the fastest;
        "peak_memory", bytes of the process.

    Raises:
        RuntimeError: If the process fails.
    """
    from keras_hourglass.inference.runtimes import measurement

    if spec.one_batch_size:
        paths = [Path(folder, f"{size}{spec.ending}") for size in batch_sizes]
        for path, size in zip(paths, batch_sizes):
            spec.write(model, path, size)
    else:
        paths = [Path(folder, f"any{spec.ending}")] * len(batch_sizes)
        spec.write(model, paths[0])
    files = [f"{path}:{size}" for path, size in zip(paths, batch_sizes)]
    task = [spec.runtime, str(seconds), *map(str, model.image_size), *files]
    # -P: files in the working folder are no packages.
    program = [sys.executable, "-P", "-m", measurement.__name__]
    run = subprocess.run([*program, *task], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError((run.stderr.strip().splitlines() or ["It ended."])[-1])
    measured = json.loads(run.stdout.splitlines()[-1])
    rates = [1000 * int(n) / ms for n, ms in measured["milliseconds"].items()]
    return {**measured, "people_per_second": max(rates)}


def measure_or_error(network, runtime: str, seconds: float) -> dict:
    """Measures a network in a runtime; or gives the error."""
    from keras_hourglass.utils import first_line, silence

    spec = RUNTIMES[runtime]
    if missing := spec.missing_packages():
        return {"error": f"not installed: {', '.join(missing)}"}
    try:
        with TemporaryDirectory() as folder, silence(1, 2):
            return measure(network, spec, folder, BATCH_SIZES, seconds)
    except Exception as error:  # each converter raises its own
        return {"error": first_line(error)}


def measure_decoder(network, seconds: float) -> dict:
    """Times decoding alone, compiled as it is behind a network."""
    import numpy as np

    from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
    from keras_hourglass.inference.runtimes.measurement import measure_milliseconds

    decode, milliseconds = decoding_model(DEFAULT_DECODER).predict_on_batch, {}
    shape = (*network.heatmap_size[::-1], len(network.skeleton.joints))
    random = np.random.default_rng(0)
    for size in BATCH_SIZES:
        maps = random.random((size, *shape), dtype="float32")
        milliseconds[size] = measure_milliseconds(decode, maps, seconds)
    fastest = max(1000 * size / ms for size, ms in milliseconds.items())
    return {"milliseconds": milliseconds, "people_per_second": fastest}


def format_row(row) -> tuple:
    """The cells of a row of the table."""
    start = row["preset"], row["runtime"]
    start += f"{row['parameters']:,}", f"{row['multiply_adds']:,}"
    if "error" in row:
        return (*start, row["error"])
    times = [f"{ms:.1f}" for ms in row["milliseconds"].values()]
    cells = (*start, *times, f"{row['people_per_second']:.1f}")
    if row.get("peak_memory"):
        memory = f"{row['peak_memory'] / 1e6:.0f}"
        return (*cells, memory, f"{row['share_of_peak']:.0%}")
    return cells
