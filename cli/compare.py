"""`hourglass-keras compare`: the paper's experiment, by one command."""

from pathlib import Path

import click

from keras_hourglass.training import paper_table
from keras_hourglass_cli.train_options import build_config, only_typed, train_options


@click.command()
@click.option(
    "--presets",
    "names",
    multiple=True,
    default=["lighter"],
    show_default=True,
    help="Presets or families of them; may be given several times.",
)
@train_options(kinds=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for a run of each preset, and for the table.",
)
def command(names, output, **typed):
    """Train presets alike, and write the table that the paper prints of them.

    PCKh per joint and in the mean, parameters, multiply-adds, the time of training and
    of the network alone: table.md, table.csv and, with matplotlib, table.png. Row by
    row: the same command again goes on where it was stopped.
    """
    names, plan = paper_table.select_presets(names), build_config(**only_typed(typed))
    paper_table.Comparison(names, plan, output).run(click.echo)
    click.echo(f"\n{(output / 'table.md').read_text(encoding='utf-8')}")
