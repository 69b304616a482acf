"""`hourglass-keras train`: fit a network to people."""

from datetime import datetime
from pathlib import Path

import click

from keras_hourglass.training import plan as plans
from keras_hourglass.training.run import Run
from keras_hourglass_cli.planning import plan_of, plan_options, typed_alone


@click.command()
@plan_options()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of a new run, or of one to go on with.  [default: a new one in runs/]",
)
def command(output, **typed):
    """Train a network on people.

    Without a dataset, on people that it draws itself: a first look that takes minutes.
    """
    typed = typed_alone(typed)
    output = output or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    if not typed and (output / plans.NAME).is_file():
        plan, _ = plans.read(output)
    else:
        plan = plan_of(**typed)
    run = Run(plan, output, click.echo)
    click.echo(f"{run.model.count_params():,} parameters; the run is kept in {output}")
    run.train()
