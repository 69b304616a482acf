"""`hourglass-keras data`: look after a dataset before training on it."""

import sys
from dataclasses import fields
from pathlib import Path

import click

from keras_hourglass import data
from keras_hourglass.data.prepare import Form, outside, prepare
from keras_hourglass_cli.sources import broken_option, missing_option, source_options

FORM = {field.name: field.default for field in fields(Form)}


@click.group()
def command():
    """Look after a dataset before training on it."""


@command.command("prepare")
@source_options(required=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the crops: a new one, or one to go on with.",
)
@click.option(
    "--size",
    type=click.IntRange(32, 2048),
    default=FORM["size"],
    show_default=True,
    help="Pixels of a window's side, of which larger people are shrunk to.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=FORM["quality"],
    show_default=True,
    help="Of the JPEG files.",
)
@click.option("--threads", type=click.IntRange(1), help="[default: as many as cores]")
@missing_option
@broken_option
def prepare_command(
    source, output, size, quality, threads, missing_images, broken_images
):
    """Cut every person out of a dataset's pictures, to train faster.

    The folder can be used with `--dataset crops:DIR`. Stopped at any moment, the same
    command goes on; and once all is done, it does nothing.
    """
    output = outside(output, source.root)
    people = data.load(source.name, source.root, missing_images)
    for note in people.notes:
        click.echo(note, err=True)
    form = Form(size, quality)
    with click.progressbar(length=len(people), label="People", file=sys.stderr) as bar:
        done = prepare(people, output, form, broken_images, threads, bar.update)
    if done.failures:
        first = next(iter(done.failures.values()))
        click.echo(
            f"{len(done.failures):,} pictures could not be read and were left out, "
            f"{first} first",
            err=True,
        )
    if not done.written:
        click.echo(f"Nothing is left to do: {output} holds {done.there:,} people")
        return
    total = done.there + done.written
    click.echo(f"{done.written:,} people written, {total:,} are in {output}")
    click.echo(f"To use them: --dataset crops:{output}")
