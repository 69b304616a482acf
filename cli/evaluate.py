"""`hourglass-keras evaluate`: PCKh of a network, or of a file of predictions."""

import json

import click

from keras_hourglass import evaluation, predict
from keras_hourglass.data.mixture import validation
from keras_hourglass.data.mpii import predictions as published
from keras_hourglass.skeleton import MPII
from keras_hourglass.training import judging
from keras_hourglass_cli.sources import (
    broken_option,
    json_option,
    missing_option,
    source_options,
)


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@source_options(default="mpii", show_default=True)
@click.option("--predictions", type=click.Path(), help="A file to score instead.")
@click.option("--flip", is_flag=True, help="Look at everybody mirrored, too.")
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True)
@missing_option
@broken_option
@json_option
def command(
    source,
    models,
    predictions,
    flip,
    batch_size,
    missing_images,
    broken_images,
    as_json,
):
    """Score networks on a dataset's validation people, under every named convention.

    Or a FILE.{mat,h5,npz,json} of predictions for MPII's 2,958 validation people;
    --root is then the folder with detections_our_format.mat.
    """
    if bool(models) == bool(predictions):
        raise click.UsageError("Name either one or more MODELs, or --predictions.")
    reports = {}
    if predictions:
        truth = published.truth(source.root)
        errors = published.errors(published.read(predictions), *truth)
        reports[predictions] = evaluation.score(errors, MPII)
    for path in models:
        model = predict.load(path)
        people = validation(source, model.skeleton, missing_images)
        for note in people.notes:
            click.echo(note, err=True)
        options = {"flip": flip, "batch_size": batch_size, "broken": broken_images}
        reports[path] = judging.scores(model, people, **options)
    if as_json:
        click.echo(json.dumps(reports, indent=2))
        return
    for name, report in reports.items():
        click.echo(f"{name}: {report['people']:,} people, {report['joints']:,} joints")
        show(report)


def show(report):
    """Prints one report as tables."""
    for threshold, part in report["thresholds"].items():
        click.echo(f"\nPCKh@{threshold}")
        columns = part["columns"]
        click.echo("".join(f"{name:>{len(name) + 3}}" for name in columns))
        click.echo("".join(f"{v:>{len(k) + 3}.2f}" for k, v in columns.items()))
        for name, value in part["means"].items():
            says = evaluation.CONVENTIONS[name].says
            click.echo(f"  {name:16}{value:7.2f}  {says}")
    click.echo("\nArea under the curve from 0 to 0.5")
    for name, value in report["area"].items():
        click.echo(f"  {name:16}{value:7.2f}")
    if "offset" in report:
        x, y = report["offset"]
        click.echo(f"\nMean signed error: x {x:+.3f}, y {y:+.3f} heatmap pixels")
    if unread := report.get("unread"):
        click.echo(f"{len(unread):,} pictures could not be read, {unread[0]} first")
