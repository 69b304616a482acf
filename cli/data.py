"""`hourglass-keras data`: look after a dataset before training on it."""

import json
import sys
from dataclasses import fields
from pathlib import Path

import click

from keras_hourglass.data import contact_sheet, datasets
from keras_hourglass.data.checks import PROBLEMS, check_people
from keras_hourglass.data.prepare import CropOptions, prepare, require_outside
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.training import recipes
from keras_hourglass.visualization.images import save_image
from keras_hourglass_cli.dataset_options import (
    broken_option,
    json_option,
    missing_option,
    source_options,
)

FEW, FIRST = 3, 20  # cases of a kind to print: in the table, as data
FORM = {field.name: field.default for field in fields(CropOptions)}


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
    output = require_outside(output, source.root)
    people = datasets.load_dataset(source.name, source.root, missing=missing_images)
    for note in people.notes:
        click.echo(note, err=True)
    form = CropOptions(size, quality)
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
        click.echo(f"Nothing is left to do: {output} holds {done.existing:,} people")
        return
    total = done.existing + done.written
    click.echo(f"{done.written:,} people written, {total:,} are in {output}")
    click.echo(f"To use them: --dataset crops:{output}")


@command.command("check")
@source_options(required=True)
@click.option(
    "--headers-only",
    is_flag=True,
    help="Decode no picture: faster, but finds no damage within.",
)
@click.option("--threads", type=click.IntRange(1), help="[default: as many as cores]")
@json_option
@click.pass_context
def check_command(context, source, headers_only, threads, as_json):
    """Look for what is wrong with a dataset: every person, every picture.

    Exits with 1 if there is anything to mend. Turned pictures are not: they are read
    as they are shown. Whether left and right look exchanged is a guess, from shoulders
    and hips that face opposite ways or limbs that cross over: to be looked at.
    """
    with collect_faults() as faults:
        people = datasets.load_dataset(source.name, source.root, missing="keep")
    length = len({*people.images})
    with click.progressbar(length=length, label="Pictures", file=sys.stderr) as bar:
        report = check_people(people, faults, not headers_only, threads, bar.update)
    if as_json:
        first = {kind: cases[:FIRST] for kind, cases in report.problems.items()}
        problems = {kind: len(cases) for kind, cases in report.problems.items()}
        click.echo(
            json.dumps(
                {
                    **{"failed": report.failed, "counts": report.counts},
                    "problems": problems,
                    **{"first": first, "notes": report.notes},
                },
                indent=2,
            )
        )
    else:
        show_report(report)
    context.exit(int(report.failed))


def show_report(report):
    """Prints a report as a table, and the first few of each kind."""
    for name, count in report.counts.items():
        click.echo(f"{count:>10,}  {name.replace('_', ' ')}")
    for note in report.notes:
        click.echo(note)
    click.echo()
    for kind, cases in report.problems.items():
        click.echo(f"{len(cases):>10,}  {PROBLEMS[kind]}")
        for case in cases[:FEW]:
            click.echo(f"{'':12}{case}")
        if len(cases) > FEW:
            click.echo(f"{'':12}and {len(cases) - FEW:,} more")
    click.echo("\nSomething is wrong." if report.failed else "\nNothing is wrong.")


@command.command("show")
@source_options(required=True)
@click.option("--augmented", is_flag=True, help="As in training, not as annotated.")
@click.option("--count", type=click.IntRange(1, 600), default=24, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="people.png",
    show_default=True,
    help="The sheet, a PNG file.",
)
@missing_option
@broken_option
def show_command(source, augmented, count, seed, output, missing_images, broken_images):
    """Draw people of a dataset with their skeletons, right orange, left blue.

    Each is shown in the window that a network sees, and named below in the same order.
    """
    if output.suffix.lower() != ".png":
        raise click.UsageError("--output must end in .png")
    people = datasets.load_dataset(source.name, source.root, missing=missing_images)
    for note in people.notes:
        click.echo(note, err=True)
    varied = (
        recipes.get_recipe(recipes.DEFAULT_RECIPE).augmentation if augmented else None
    )
    sheet, rows, failures = contact_sheet.contact_sheet(
        people, count, seed, varied, broken_images
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    save_image(output, sheet)
    for failure in failures:
        click.echo(f"black: {failure}", err=True)
    for row in rows:
        click.echo(people.names[row])
    click.echo(f"{len(rows):,} of {len(people):,} people are drawn in {output}")
