"""`hourglass-keras compare`: trains presets alike, and prints the paper's table."""

from pathlib import Path

import click

from keras_hourglass_cli.options.training import train_options, with_datasets
from keras_hourglass_cli.terminal.console import start_keras, training_verbosity


@click.command()
@click.option(
    "--presets",
    multiple=True,
    show_default="lighter",
    metavar="NAME,...",
    help="Presets or families of presets, separated by commas; may be given several "
    "times. The others are compared with the first.",
)
@train_options(presets=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for a run of each preset, and for the table.",
)
def command(output, **options):
    """Train presets alike, and print the table of the paper.

    PCKh per joint and in the mean (PCK for a skeleton without a head), with intervals
    and the difference to the first preset; parameters, multiply-adds, the time of
    training and of the network alone: table.md, table.csv and, with matplotlib,
    table.png. Stopped at any moment, the same command goes on.
    """
    start_keras()
    from keras_hourglass.training.comparison.compare import compare

    verbose = training_verbosity()
    compare(output=output, verbose=verbose, **with_datasets(options))
    click.echo(f"\n{(output / 'table.md').read_text(encoding='utf-8')}")
