"""`hourglass-keras benchmark model`: what presets cost, runtime by runtime."""

import json
import os
from datetime import date
from tempfile import TemporaryDirectory

import click
import numpy as np

from keras_hourglass import StackedHourglass, heatmaps, presets
from keras_hourglass.export import runtimes, timing
from keras_hourglass.layers.cost import multiply_adds, parameters
from keras_hourglass.predict.speed import Decoding
from keras_hourglass.training import devices, speed
from keras_hourglass_cli.exporting import quiet
from keras_hourglass_cli.sources import json_option

BATCHES = 1, 16
HEAD = f"{'preset':32}{'parameters':>12}{'multiply-adds':>16}  {'runtime':14}"
HEAD += f"{'ms at 1':>9}{'ms at 16':>10}{'people/s':>10}{'MB':>7}{'share':>7}"


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@click.option(
    "--runtime",
    "ways",
    type=click.Choice(list(timing.WAYS)),
    multiple=True,
    help="May be given several times.  [default: all]",
)
@click.option("--seconds", type=click.FloatRange(0), default=1.0, show_default=True)
@json_option
def model(names, ways, seconds, as_json):
    """Size, speed and memory of presets, in each runtime that is installed.

    On this computer's CPU, with random weights where a preset has no others. Each
    runtime has a process of its own: "MB" is the most memory that it had, the runtime
    included. "share" is that of the rate at which the CPU multiplies matrices. Files
    decode, too; "keras" is the network alone, and the decoder has a row of its own.
    The loader is measured by `benchmark loader`.
    """
    wanted = {name: presets.get(name) for name in names or presets.PRESETS}
    peak, rows = speed.matrix_rate(), []
    head = {"date": str(date.today()), "device": devices.name()}
    head |= {"cores": os.cpu_count(), "matrix_rate": peak}
    if not as_json:
        rate = f"{peak / 1e9:.1f} G multiply-adds/s of matrices"
        click.echo(f"{head['date']}, {head['device']}, {head['cores']} cores: {rate}")
        click.echo(HEAD)
    for name, preset in wanted.items():
        network = StackedHourglass.from_preset(name, weights=preset.weights is not None)
        fixed = {"preset": name, "parameters": parameters(network)}
        fixed["multiply_adds"] = multiply_adds(network)
        for way in ways or timing.WAYS:
            row = fixed | {"runtime": way} | measured(network, way, seconds)
            if "people_per_second" in row:
                rate = row["people_per_second"] * row["multiply_adds"]
                row["share_of_peak"] = rate / peak
            rows.append(row)
            if not as_json:
                click.echo(line(row))
        rows.append(fixed | {"runtime": "decoder", **decoder(network, seconds)})
        if not as_json:
            click.echo(line(rows[-1]))
    if as_json:
        click.echo(json.dumps({**head, "rows": rows}))


def measured(network, way, seconds) -> dict:
    """What `timing.measure` finds, or what went wrong."""
    way = timing.WAYS[way]
    if missing := way.missing():
        return {"error": f"not installed: {', '.join(missing)}"}
    try:
        with TemporaryDirectory() as folder, quiet():
            return timing.measure(network, way, folder, BATCHES, seconds)
    except Exception as error:  # each converter has its own
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": first}


def decoder(network, seconds) -> dict:
    """How long decoding alone takes, compiled as behind the network."""
    decode, taken = Decoding(heatmaps.DEFAULT), {}
    shape = (*network.heatmap_size[::-1], len(network.skeleton.joints))
    random = np.random.default_rng(0)
    for batch in BATCHES:
        maps = random.random((batch, *shape), dtype="float32")
        taken[batch] = runtimes.milliseconds(decode.predict_on_batch, maps, seconds)
    best = max(1000 * batch / each for batch, each in taken.items())
    return {"milliseconds": taken, "people_per_second": best}


def line(row) -> str:
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
