"""`hourglass-keras train`: trains a network on people."""

from pathlib import Path

import click

from keras_hourglass.training.config import CHECKPOINT_MINUTES
from keras_hourglass_cli.options import with_old_names
from keras_hourglass_cli.options.devices import device_options
from keras_hourglass_cli.options.training import train_options, with_datasets
from keras_hourglass_cli.terminal.console import start_keras, training_verbosity

RENAMED = {"fresh": "restart", "keep-every": "checkpoint-minutes"}  # since 0.1


@click.command(context_settings=with_old_names(RENAMED))
@train_options()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of a new run, or of one to go on with.  [default: a new one in runs/]",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Begin anew: deletes the run in --output, and with a --dataset or a --recipe "
    "takes none of its options.",
)
@click.option(
    "--checkpoint-minutes",
    type=click.FloatRange(0),
    metavar="MINUTES",
    show_default=f"{CHECKPOINT_MINUTES:g}",
    help="Minutes between two checkpoints within an epoch.",
)
@device_options
def command(**options):
    """Train a network on people.

    --task detect trains a person detector, which finds all people in a photograph.
    Without a dataset, on synthetic people: a demo that takes minutes.

    Stopped at any moment, even by a power cut, a run goes on with the same command and
    its folder as --output; options that are not typed are those of the run. More
    --epochs lengthen it, finished or not.
    """
    start_keras()
    from keras_hourglass.training.run import train

    run = train(verbose=training_verbosity(), **with_datasets(options))
    if run.best.is_file() and not options["process"]:
        measure = ""
        if run.task == "pose" and not run.measure.is_pckh:
            measure = f" ({run.measure.title})"
        click.echo(f"Best {run.score_name} {run.best_score:.2f}{measure}: {run.best}")
