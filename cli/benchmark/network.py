"""How many people a second a network sees and learns, beside what the device can do.

`hourglass-keras benchmark network`: people per second, learning and seeing.
"""

import json
import time
from dataclasses import dataclass
from datetime import date
from itertools import product

import click
import keras
import numpy as np
from keras import ops

from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.models import presets
from keras_hourglass.models.flops import count_macs
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.training import distribution
from keras_hourglass.training.config import PRECISIONS
from keras_hourglass.training.flat_optimizer import FlatOptimizer
from keras_hourglass.training.trainer import precision_scope
from keras_hourglass_cli.dataset_options import json_option

TRAINING_COST = (
    3  # times the multiply-adds of a forward pass are those of a training step
)


@dataclass(frozen=True)
class BenchmarkSetting:
    """One way to run a network.

    Attributes:
        training: Whether it learns, or only sees.
        precision: A Keras dtype policy: "float32", "mixed_bfloat16" ...
        batch_size: People of a step.
        compiled: Whether Keras compiles the step by `jit_compile` (XLA; on PyTorch,
            its own compiler). Never measured so by TensorFlow on a CPU, where XLA's
            depthwise convolutions are many times slower.
    """

    training: bool
    precision: str = "float32"
    batch_size: int = 32
    compiled: bool = True


def measure(network: dict, setting: BenchmarkSetting, seconds: float = 5.0) -> dict:
    """Runs steps on one batch that stays in memory.

    Args:
        network: Arguments of `StackedHourglass`.
        setting: How to run it.
        seconds: For how long at least, once the first two steps are over.

    Returns:
        "people_per_second"; "multiply_adds_per_second", of the convolutions, three
        times as many when training; "first_seconds" until the first step was done.
    """
    with precision_scope(setting.precision):
        model = StackedHourglass(**network)
    optimizer = FlatOptimizer(keras.optimizers.Adam(1e-4))  # as recipes have it
    model.compile(optimizer, HeatmapLoss(), jit_compile=setting.compiled)
    step = _step(model, setting)
    first = _timed(step)
    _timed(step)
    steps, taken = 0, 0.0
    while not steps or taken < seconds:
        taken += _timed(step)
        steps += 1
    people = steps * setting.batch_size / taken
    cost = count_macs(model) * (TRAINING_COST if setting.training else 1)
    return {
        "people_per_second": people,
        "multiply_adds_per_second": people * cost,
        "first_seconds": first,
    }


def _step(model, setting):
    """A function that runs one step, and comes back when it is done."""
    random = np.random.default_rng(0)
    size = (setting.batch_size, *model.image_size, 3)
    images = random.integers(0, 256, size, "uint8")
    if not setting.training:
        return lambda: model.predict_on_batch(images)
    labels = np.ones((setting.batch_size, len(model.skeleton.joints), 4), "float32")
    labels[..., :2] = random.uniform(0, min(model.heatmap_size), labels[..., :2].shape)
    return lambda: model.train_on_batch(images, labels)


def _timed(step) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def matrix_rate(precision: str = "float32", side: int = 2048, rounds: int = 10):
    """Multiply-adds per second of the device's product of two square matrices.

    Args:
        precision: A Keras dtype policy; its compute type is that of the matrices.
        side: Of the matrices.
        rounds: Products, one after another.
    """
    dtype = keras.dtype_policies.get(precision).compute_dtype
    matrix = ops.ones((side, side), dtype=dtype) / side

    def product():
        result = matrix
        for _ in range(rounds):
            result = ops.matmul(result, matrix)
        return float(ops.cast(result[0, 0], "float32"))  # waits for all of them

    _timed(product)
    return rounds * side**3 / _timed(product)


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
def network_command(names, precisions, batch_sizes, image_size, seconds, as_json):
    """People per second that presets learn, and see, without a loader.

    In each precision and batch size, with and without compilation, beside the rate at
    which the device multiplies matrices. What does not run, for want of memory, say,
    is a row that says so.
    """
    size = {} if image_size is None else {"image_size": image_size}
    networks = {
        name: {**presets.get_preset(name).network, **size} for name in names or PRESETS
    }
    peaks = {precision: matrix_rate(precision) for precision in precisions}
    rows = []
    if not as_json:
        click.echo(
            f"{date.today()}, {distribution.device_name()}, {keras.backend.backend()}"
        )
        for precision, rate in peaks.items():
            click.echo(f"{precision}: {rate / 1e12:.2f} T multiply-adds/s of matrices")
    ways = product(networks, precisions, batch_sizes, jit_settings(), (False, True))
    for name, precision, batch_size, compiled, training in ways:
        setting = BenchmarkSetting(training, precision, batch_size, compiled)
        rows.append({"preset": name, **vars(setting)})
        rows[-1] |= measured(networks[name], setting, seconds, peaks[precision])
        if not as_json:
            click.echo(format_row(rows[-1]))
    if as_json:
        click.echo(
            json.dumps(
                {"device": distribution.device_name(), "peaks": peaks, "rows": rows}
            )
        )


def jit_settings() -> tuple[bool, ...]:
    """Whether to compile: both, but for a CPU, where TensorFlow must not."""
    plain = (
        keras.backend.backend() == "tensorflow" and not distribution.has_accelerator()
    )
    return (False,) if plain else (True, False)


def measured(network, setting, seconds, peak) -> dict:
    """What `speed.measure` finds, and the share of the peak; or what went wrong."""
    try:
        found = measure(network, setting, seconds)
    except Exception as error:  # each backend has its own for want of memory
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": first}
    return {**found, "share_of_peak": found["multiply_adds_per_second"] / peak}


def format_row(row) -> str:
    """A row of the table."""
    way = f"{row['preset']:32}{row['precision']:16}batch {row['batch_size']:<5}"
    way += "compiled  " if row["compiled"] else "plain     "
    way += "learning  " if row["training"] else "seeing    "
    if "error" in row:
        return f"{way}{row['error']}"
    rate, share = row["people_per_second"], row["share_of_peak"]
    return f"{way}{rate:10,.1f} people/s{share:8.1%} of the matrix rate"
