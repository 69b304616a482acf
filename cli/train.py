"""`hourglass-keras train`: fit a network to people."""

from datetime import datetime
from inspect import signature
from pathlib import Path

import click

from keras_hourglass.training import config, run_dir
from keras_hourglass.training.trainer import Run
from keras_hourglass_cli.device_options import device_options
from keras_hourglass_cli.train_options import plan_of, plan_options, typed_alone

KEEP_EVERY = signature(Run).parameters["keep_every"].default


@click.command()
@plan_options()
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
    show_default=f"{KEEP_EVERY:g}",
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
    typed = typed_alone(typed)
    output = output or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    if not typed and (output / config.NAME).is_file():
        plan = config.read(output)
    else:
        plan = plan_of(**typed)
    if fresh:
        devices.wait()  # until all have read it
        if devices.first:
            run_dir.clear(output)
        devices.wait()
    keep_every = KEEP_EVERY if keep_every is None else keep_every
    run = Run(plan, output, click.echo, keep_every, devices)
    click.echo(f"{run.model.count_params():,} parameters; the run is kept in {output}")
    run.train()
