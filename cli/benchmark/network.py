"""`hourglass-keras benchmark network`: training and inference without a loader.

People per second, beside the rate at which the device multiplies matrices.
"""

import json
from dataclasses import dataclass
from datetime import date
from itertools import product

import click

from keras_hourglass.training.recipes import DEFAULT_RECIPE, RECIPES
from keras_hourglass.utils import first_line
from keras_hourglass_cli.benchmark.stopwatch import seconds_of
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.options.training import network_options, only_typed
from keras_hourglass_cli.terminal.console import RowPrinter, start_keras

TRAINING_COST = 3  # multiply-adds of a training step, in those of a forward pass
PRESETS = ("hg2", "hg8", "lighter/hg2_multidilated", "lighter/hg2_separable")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
COLUMNS = {"preset": 31, "precision": 14, "compiled": 3, "step": 9}
COLUMNS |= {"batch": 5, "parameters": 10, "multiply-adds": 13}
COLUMNS |= {"people/s": 8, "of matrices": 6}


@dataclass(frozen=True)
class BenchmarkSetting:
    """One way to run a network.

    Attributes:
        training: Whether steps train, or only predict.
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


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    default=PRECISIONS[:2],
    show_default=True,
    help="Of computations; may be given several times.",
)
@click.option(
    "--batch-size",
    "batch_sizes",
    type=click.IntRange(1),
    multiple=True,
    default=(32, 256),
    show_default=True,
    help="People of a step; may be given several times.",
)
@network_options(default="presets'")
@click.option(
    "--recipe",
    type=click.Choice([name for name in RECIPES if RECIPES[name].task == "pose"]),
    default=DEFAULT_RECIPE,
    show_default=True,
    help="Recipe of the training steps: their optimizer and loss.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Least time of each measurement.",
)
@json_option
def command(names, precisions, batch_sizes, recipe, seconds, as_json, **network):
    """People per second of training and inference, without a loader.

    Of the networks of presets, or of others: the options of a network replace those of
    each PRESET, as in `photo --stacks 1 --filters 64,128,192,256,256`. In each
    precision and batch size, with and without compilation, beside the rate at which the
    device multiplies matrices. A setting that does not run, for want of memory say, is
    a row with the reason.
    """
    start_keras()
    import keras

    from keras_hourglass.models.presets import get_preset
    from keras_hourglass.training import distribution

    typed = only_typed(network)
    networks = {name: get_preset(name).network | typed for name in names or PRESETS}
    device = distribution.device_name()
    peaks = {precision: matrix_rate(precision) for precision in precisions}
    if not as_json:
        click.echo(f"{date.today()}, {device}, {keras.backend.backend()}")
        for precision, rate in peaks.items():
            click.echo(f"{precision}: {rate / 1e12:.2f} T multiply-adds/s of matrices")
        printer = RowPrinter(COLUMNS, text=4)
    settings = product(networks, precisions, batch_sizes, jit_settings(), (False, True))
    rows = []
    for name, precision, batch_size, compiled, training in settings:
        setting = BenchmarkSetting(training, precision, batch_size, compiled)
        arguments = networks[name], setting, seconds, peaks[precision], recipe
        rows.append({"preset": name, **vars(setting), **measure_or_error(*arguments)})
        if not as_json:
            printer.print(*format_row(rows[-1]))
    if as_json:
        click.echo(json.dumps({"device": device, "peaks": peaks, "rows": rows}))


def measure(
    network: dict,
    setting: BenchmarkSetting,
    seconds: float = 5.0,
    recipe: str = DEFAULT_RECIPE,
) -> dict:
    """Runs steps on one batch that stays in memory.

    Args:
        network: Arguments of `StackedHourglass`.
        setting: How to run it.
        seconds: For how long at least, after the first two steps.
        recipe: Name of the recipe that training steps follow.

    Returns:
        "parameters" and "multiply_adds" of the network; "people_per_second";
        "multiply_adds_per_second", of the convolutions, three times as many when
        training; "first_seconds" until the first step was done.
    """
    from keras_hourglass.models.flops import count_macs, count_parameters
    from keras_hourglass.models.stacked_hourglass import StackedHourglass
    from keras_hourglass.models.trunk.precision import precision_scope
    from keras_hourglass.training import build
    from keras_hourglass.training.precision.centering import freeze_cancelled_biases
    from keras_hourglass.training.precision.float32 import keep_stem_precise
    from keras_hourglass.training.recipes import get_recipe

    with precision_scope(setting.precision):
        model = StackedHourglass(**network)
    if setting.training:
        keep_stem_precise(model)
        freeze_cancelled_biases(model)
    recipe = get_recipe(recipe)
    optimizer, loss = build.build_optimizer(recipe, steps=100), build.build_loss(recipe)
    model.compile(optimizer, loss, jit_compile=setting.compiled)
    step = _make_step(model, setting)
    first = seconds_of(step)
    seconds_of(step)
    steps, total = 0, 0.0
    while not steps or total < seconds:
        total += seconds_of(step)
        steps += 1
    people = steps * setting.batch_size / total
    cost = count_macs(model)
    return {
        "parameters": count_parameters(model),
        "multiply_adds": cost,
        "people_per_second": people,
        "multiply_adds_per_second": people
        * (TRAINING_COST * cost if setting.training else cost),
        "first_seconds": first,
    }


def _make_step(model, setting):
    """A function that runs one step, and returns when it is done."""
    import numpy as np

    random = np.random.default_rng(0)
    size = (setting.batch_size, *model.image_size, 3)
    images = random.integers(0, 256, size, "uint8")
    if not setting.training:
        return lambda: model.predict_on_batch(images)
    labels = np.ones((setting.batch_size, len(model.skeleton.joints), 4), "float32")
    labels[..., :2] = random.uniform(0, min(model.heatmap_size), labels[..., :2].shape)
    return lambda: model.train_on_batch(images, labels)


def matrix_rate(precision: str = "float32", side: int = 2048, rounds: int = 10):
    """Multiply-adds per second of the device's product of two square matrices.

    Args:
        precision: A Keras dtype policy; its compute dtype is that of the matrices.
        side: Rows and columns of the matrices.
        rounds: Products, one after another.
    """
    import keras
    from keras import ops

    dtype = keras.dtype_policies.get(precision).compute_dtype
    matrix = ops.ones((side, side), dtype=dtype) / side

    def multiply():
        result = matrix
        for _ in range(rounds):
            result = ops.matmul(result, matrix)
        return float(ops.cast(result[0, 0], "float32"))  # waits for all of them

    seconds_of(multiply)
    return rounds * side**3 / seconds_of(multiply)


def jit_settings() -> tuple[bool, ...]:
    """Values of `jit_compile` to measure: not True for TensorFlow on a CPU."""
    import keras

    from keras_hourglass.training import distribution

    cpu = not distribution.has_accelerator()
    return (
        (False,) if keras.backend.backend() == "tensorflow" and cpu else (True, False)
    )


def measure_or_error(network, setting, seconds, peak, recipe) -> dict:
    """Measures a setting, with its share of the matrix rate; or gives the error."""
    try:
        measured = measure(network, setting, seconds, recipe)
    except Exception as error:  # each backend raises its own for want of memory
        return {"error": first_line(error)}
    return measured | {"share_of_peak": measured["multiply_adds_per_second"] / peak}


def format_row(row) -> tuple:
    """The cells of a row of the table."""
    setting = (
        row["preset"],
        row["precision"],
        "yes" if row["compiled"] else "no",
        "training" if row["training"] else "inference",
        row["batch_size"],
    )
    if "error" in row:
        return (*setting, row["error"])
    counts = f"{row['parameters']:,}", f"{row['multiply_adds'] / 1e6:,.0f} M"
    rate, share = row["people_per_second"], row["share_of_peak"]
    return (*setting, *counts, f"{rate:,.1f}", f"{share:.1%}")
