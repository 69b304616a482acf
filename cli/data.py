"""`hourglass-keras data`: check, prepare and show a dataset before training."""

import json
import logging
import sys
from dataclasses import fields
from pathlib import Path

import click

from keras_hourglass.data.checks import PROBLEMS, check_people
from keras_hourglass.data.checks.photographs import BOX_PROBLEMS, check_photographs
from keras_hourglass.data.contact_sheet import contact_sheet
from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.detection.contact_sheet import photograph_sheet
from keras_hourglass.data.detection.loading import (
    DETECTION_OPTIONS,
    load_photographs,
)
from keras_hourglass.data.prepare import CropOptions, prepare, require_outside
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.training.recipes import AUGMENTATION_NAMES, AUGMENTATIONS_OF
from keras_hourglass.utils import left_out, plural
from keras_hourglass.utils.files import require_writable, suffix_of
from keras_hourglass.visualization.images import save_image
from keras_hourglass_cli.options.datasets import (
    broken_option,
    json_option,
    missing_option,
    source_options,
    task_option,
)
from keras_hourglass_cli.terminal.console import LIBRARY
from keras_hourglass_cli.terminal.wording import in_options

MAX_PRINTED, MAX_JSON = 3, 20  # cases of a problem in the table, and in JSON
DEFAULTS = {field.name: field.default for field in fields(CropOptions)}
threads_option = click.option(
    "--threads", type=click.IntRange(1), help="[default: as many as cores]"
)
logger = logging.getLogger(LIBRARY)


@click.group()
def command():
    """Check, prepare and show a dataset before training."""


@command.command("prepare")
@source_options(required=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the crops: a new one, or one to resume.",
)
@click.option(
    "--size",
    type=click.IntRange(32, 2048),
    default=DEFAULTS["size"],
    show_default=True,
    help="Side of a window in pixels; larger people are shrunk to it.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=DEFAULTS["quality"],
    show_default=True,
    help="Quality of the JPEG files.",
)
@threads_option
@missing_option
@broken_option
def prepare_command(
    source, output, size, quality, threads, missing_images, broken_images
):
    """Crop all people of a dataset into small images, to train faster.

    The folder can be used with `--dataset crops:DIR`. After an interruption the same
    command resumes; when nothing is left to do, it does nothing.
    """
    output = require_outside(output, source.root, source.images)
    require_writable(output, folder=True)
    people = _load(source, missing_images)
    options = CropOptions(size, quality)
    with click.progressbar(length=len(people), label="People", file=sys.stderr) as bar:
        done = prepare(people, output, options, broken_images, threads, bar.update)
    if done.failures:
        first = next(iter(done.failures.values()))
        logger.warning("%s, %s first", left_out(len(done.failures)), first)
    if not done.written:
        people = plural(done.existing, "person", "people")
        click.echo(f"Nothing is left to do: {output} has {people}")
        return
    total = done.existing + done.written
    written = plural(done.written, "person", "people")
    click.echo(f"{written} written, in all {total:,} in {output}")
    click.echo(f"To use them: --dataset crops:{output}")


@command.command("check")
@source_options(required=True)
@task_option
@click.option(
    "--headers-only",
    is_flag=True,
    help="Decode no image: faster, but damage within images is not found.",
)
@threads_option
@json_option
@click.pass_context
def check_command(context, source, task, headers_only, threads, as_json):
    """Check every person and every image of a dataset.

    With `--task detect`, every photograph and its boxes.

    Exits with 1 if something is wrong. Rotated images are not: their EXIF tag is
    obeyed. Swapped left and right are a guess, from shoulders and hips that face
    opposite ways or limbs that cross over, which needs a look at the image.
    """
    with collect_faults() as faults:
        data = _read(source, task, "keep")
    length = len({*data.images})
    with click.progressbar(length=length, label="Images", file=sys.stderr) as bar:
        check = check_photographs if task == "detect" else check_people
        how = not headers_only, threads, bar.update, source.rescale
        report = check(data, faults, *how)
    if as_json:
        problems = report.problems
        first = {kind: cases[:MAX_JSON] for kind, cases in problems.items()}
        numbers = {kind: len(cases) for kind, cases in problems.items()}
        result = {"failed": report.failed, "counts": report.counts}
        result |= {"problems": numbers, "first": first, "notes": report.notes}
        click.echo(json.dumps(result, indent=2))
    else:
        _print_report(report)
    context.exit(int(report.failed))


def _print_report(report):
    """Prints a report as a table, with the first few cases of each problem."""
    for name, count in report.counts.items():
        click.echo(f"{count:>10,}  {name.replace('_', ' ')}")
    for note in report.notes:
        click.echo(in_options(note))
    click.echo()
    descriptions = PROBLEMS | BOX_PROBLEMS
    for kind, cases in report.problems.items():
        click.echo(f"{len(cases):>10,}  {in_options(descriptions[kind])}")
        for case in cases[:MAX_PRINTED]:
            click.echo(f"{'':12}{in_options(case)}")
        if len(cases) > MAX_PRINTED:
            click.echo(f"{'':12}and {len(cases) - MAX_PRINTED:,} more")
    verdict = "Something is wrong." if report.failed else "Nothing is wrong."
    if not report.counts["people"]:
        verdict = "No usable people are left."
    click.echo(f"\n{verdict}")


@command.command("show")
@source_options(required=True)
@task_option
@click.option(
    "--augmentation",
    type=click.Choice(AUGMENTATION_NAMES),
    help="Augment the images as in training.  [default: as annotated]",
)
@click.option("--augmented", is_flag=True, hidden=True)  # its name in version 0.1
@click.option(
    "--count",
    type=click.IntRange(1, 600),
    default=24,
    show_default=True,
    help="People, or photographs, to draw.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of the choice of people, and of the augmentation.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="people.png",
    show_default=True,
    help="The sheet, a PNG file.",
)
@missing_option
@broken_option
def show_command(
    source,
    task,
    augmentation,
    augmented,
    count,
    seed,
    output,
    missing_images,
    broken_images,
):
    """Draw people of a dataset with their skeletons, right orange, left blue.

    Each is drawn in the window that the network gets, and named in the same order.
    With `--task detect`, photographs are drawn with boxes around people, yellow, and
    around areas that are ignored, gray.
    """
    if suffix_of(output) != ".png":
        raise click.UsageError("--output must end in .png")
    require_writable(output)
    augmentation = augmentation or ("modern" if augmented else None)
    if augmentation not in (None, *AUGMENTATIONS_OF[task]):
        raise click.UsageError(
            f"--augmentation must be {' or '.join(AUGMENTATIONS_OF[task])} for --task "
            f"{task}"
        )
    data = _load(source, missing_images, task)
    draw = photograph_sheet if task == "detect" else contact_sheet
    sheet, rows, failures = draw(data, count, seed, augmentation, broken_images)
    output.parent.mkdir(parents=True, exist_ok=True)
    save_image(output, sheet)
    for failure in failures:
        logger.warning("drawn black: %s", failure)
    for row in rows:
        click.echo(data.names[row])
    click.echo(
        f"{len({*rows}):,} of {len(data):,} {data.unit[1]} are drawn in {output}"
    )


def _load(source, missing, task="pose"):
    """Loads people, or photographs, and logs their notes."""
    data = _read(source, task, missing)
    for note in data.notes:
        logger.info(note)
    return data


def _read(source, task, missing):
    load, options = load_dataset, source.options
    if task == "detect":
        load = load_photographs
        options = source.options_among(DETECTION_OPTIONS, "detection")
    return load(source.name, source.root, missing=missing, **options)
