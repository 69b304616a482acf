"""`hourglass-keras export`: a network for those who serve it."""

from pathlib import Path

import click

from keras_hourglass import export, predict


@click.command()
@click.argument("model")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(export.FORMATS)),
    default="savedmodel",
    show_default=True,
)
@click.option(
    "--most-pixels",
    type=click.IntRange(1),
    help="Of a picture; with more, a server refuses it.",
)
def command(model, directory, kind, most_pixels):
    """Write a network (a .keras file, or a preset with weights) for other programs.

    savedmodel: the next version in DIR for TensorFlow Serving, which takes the bytes of
    pictures and answers with joints in their pixels; see docs/serving.md.
    """
    typed = {} if most_pixels is None else {"most_pixels": most_pixels}
    click.echo(export.export(predict.load(model), directory, kind, **typed))
