"""`hourglass-keras train`: fit a network to people."""

from datetime import datetime
from inspect import signature
from pathlib import Path

import click

from keras_hourglass.training import config, run_dir
from keras_hourglass.training.trainer import Trainer
from keras_hourglass_cli.device_options import device_options
from keras_hourglass_cli.train_options import build_config, only_typed, train_options

CHECKPOINT_MINUTES = signature(Trainer).parameters["keep_every"].default


@click.command()
@train_options()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of a new run, or of one to go on with.  [default: a new one in runs/]",
)
@click.option("--fresh", is_flag=True, help="Begin anew: what --output holds is lost.")
@click.option(
    "--keep-every",
    type=click.FloatRange(0),
    metavar="MINUTES",
    show_default=f"{CHECKPOINT_MINUTES:g}",
    help="How often to keep all that is needed to go on, besides after each epoch.",
)
@device_options
def command(output, fresh, keep_every, devices, **typed):
    """Train a network on people.

    Without a dataset, on people that it draws itself: a first look that takes minutes.
    Stopped at any moment, even by a power cut, the same command goes on.
    """
    if output is None and devices.share.processes > 1:
        raise ValueError(
            "`output` must be given where several processes train. "
            "Received: output=None"
        )
    typed = only_typed(typed)
    output = output or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    if not typed and (output / config.CONFIG_FILE).is_file():
        plan = config.read_config(output)
    else:
        plan = build_config(**typed)
    if fresh:
        devices.wait()  # until all have read it
        if devices.first:
            run_dir.clear_run_dir(output)
        devices.wait()
    keep_every = CHECKPOINT_MINUTES if keep_every is None else keep_every
    run = Trainer(plan, output, click.echo, keep_every, devices)
    click.echo(f"{run.model.count_params():,} parameters; the run is kept in {output}")
    run.train()
