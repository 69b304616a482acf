"""`hourglass-keras benchmark network`: people per second, learning and seeing."""

import json
from datetime import date
from itertools import product

import click
import keras

from keras_hourglass import presets
from keras_hourglass.training import devices, speed
from keras_hourglass.training.plan import PRECISIONS
from keras_hourglass.training.speed import Setting
from keras_hourglass_cli.sources import json_option

PRESETS = ("hg2", "hg8", "lighter/hg2_multidilated", "lighter/hg2_separable")


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    default=PRECISIONS[:2],
    show_default=True,
)
@click.option(
    "--batch-size",
    "batch_sizes",
    type=click.IntRange(1),
    multiple=True,
    default=(32, 256),
    show_default=True,
)
@click.option("--image-size", type=int, help="Pixels of a side.  [default: presets']")
@click.option("--seconds", type=click.FloatRange(0), default=5.0, show_default=True)
@json_option
def network(names, precisions, batch_sizes, image_size, seconds, as_json):
    """People per second that presets learn, and see, without a loader.

    In each precision and batch size, with and without compilation, beside the rate at
    which the device multiplies matrices. What does not run, for want of memory, say,
    is a row that says so.
    """
    size = {} if image_size is None else {"image_size": image_size}
    networks = {
        name: {**presets.get(name).network, **size} for name in names or PRESETS
    }
    peaks = {precision: speed.matrix_rate(precision) for precision in precisions}
    rows = []
    if not as_json:
        click.echo(f"{date.today()}, {devices.name()}, {keras.backend.backend()}")
        for precision, rate in peaks.items():
            click.echo(f"{precision}: {rate / 1e12:.2f} T multiply-adds/s of matrices")
    ways = product(networks, precisions, batch_sizes, compilations(), (False, True))
    for name, precision, batch_size, compiled, training in ways:
        setting = Setting(training, precision, batch_size, compiled)
        rows.append({"preset": name, **vars(setting)})
        rows[-1] |= measured(networks[name], setting, seconds, peaks[precision])
        if not as_json:
            click.echo(line(rows[-1]))
    if as_json:
        click.echo(json.dumps({"device": devices.name(), "peaks": peaks, "rows": rows}))


def compilations() -> tuple[bool, ...]:
    """Whether to compile: both, but for a CPU, where TensorFlow must not."""
    plain = keras.backend.backend() == "tensorflow" and not devices.accelerated()
    return (False,) if plain else (True, False)


def measured(network, setting, seconds, peak) -> dict:
    """What `speed.measure` finds, and the share of the peak; or what went wrong."""
    try:
        found = speed.measure(network, setting, seconds)
    except Exception as error:  # each backend has its own for want of memory
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": first}
    return {**found, "share_of_peak": found["multiply_adds_per_second"] / peak}


def line(row) -> str:
    """A row of the table."""
    way = f"{row['preset']:32}{row['precision']:16}batch {row['batch_size']:<5}"
    way += "compiled  " if row["compiled"] else "plain     "
    way += "learning  " if row["training"] else "seeing    "
    if "error" in row:
        return f"{way}{row['error']}"
    rate, share = row["people_per_second"], row["share_of_peak"]
    return f"{way}{rate:10,.1f} people/s{share:8.1%} of the matrix rate"
