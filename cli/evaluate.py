"""`hourglass-keras evaluate`: PCKh of networks, or of a file of predictions."""

import json
from datetime import date
from pathlib import Path

import click
import keras

from keras_hourglass import __version__
from keras_hourglass.data.datasets.mpii.predictions import (
    load_ground_truth,
    prediction_errors,
    read_predictions,
)
from keras_hourglass.data.mixture import load_validation
from keras_hourglass.evaluation import bootstrap, evaluator
from keras_hourglass.evaluation.report import to_plain
from keras_hourglass.evaluation.scoring import score
from keras_hourglass.models.loading import load_model
from keras_hourglass.skeletons import MPII
from keras_hourglass_cli import tables
from keras_hourglass_cli.dataset_options import (
    broken_option,
    json_option,
    missing_option,
    source_options,
)
from keras_hourglass_cli.inference_options import inference_options


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@source_options(default="mpii", show_default=True)
@click.option("--predictions", type=click.Path(), help="A file to score instead.")
@click.option("--everybody", is_flag=True, help="Judge on those to train on, too.")
@inference_options
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a page that shows all, and JSON.",
)
@missing_option
@broken_option
@json_option
def command(
    source,
    models,
    predictions,
    everybody,
    folder,
    missing_images,
    broken_images,
    as_json,
    **seeing,
):
    """Score networks on a dataset's validation people, under every named convention.

    A MODEL is a .keras file or a preset with weights. Behind each mean stands what
    95 % of 2,000 bootstraps over people lie between. Several models are compared with
    the first, on the same draws of people.

    Or a FILE.{mat,h5,npz,json} of predictions for MPII's 2,958 validation people;
    --root is then the folder with detections_our_format.mat.
    """
    if bool(models) == bool(predictions):
        raise click.UsageError("Name either one or more MODELs, or --predictions.")
    if folder and predictions:
        raise click.UsageError("--report goes with MODELs: it shows their people.")
    if len({*models}) < len(models):
        raise click.UsageError("Name each MODEL once.")
    if folder:  # before the minutes that judging takes
        folder.mkdir(parents=True, exist_ok=True)
    options = {**seeing, "broken": broken_images}
    looks = []
    for name in models:
        model = load_model(name)
        people = load_validation(source, model.skeleton, missing_images, everybody)
        for note in people.notes:
            click.echo(note, err=True)
        found, unread = evaluator.predict_with_loader(model, people, **options)
        looks.append(evaluator.ModelEvaluation(name, model, people, found, unread))
    reports = {look.name: look.scores for look in looks}
    if predictions:
        truth = load_ground_truth(source.root)
        errors = prediction_errors(read_predictions(predictions), *truth)
        reports[predictions] = score(errors, MPII)
    pairs = [*evaluator.compare_models(looks, lambda note: click.echo(note, err=True))]
    if as_json:
        for first, second, differences in pairs:
            reports[second]["less"] = {"model": first, "thresholds": differences}
        click.echo(json.dumps(to_plain(reports), indent=2))
    else:
        for name, report in reports.items():
            tables.print_scores(name, report)
        for pair in pairs:
            tables.print_difference(*pair)
    if folder:
        about = {
            "dataset": ":".join(filter(None, (source.name, source.root))),
            "people": "all" if everybody else "to validate on",
            "flip test": "on" if seeing["flip"] else "off",
            "decoder": seeing["decoder"],
            "written": f"{date.today()}, keras-hourglass {__version__}, "
            f"{keras.backend.backend()}",
            "intervals": f"{bootstrap.LEVEL} % of {bootstrap.RESAMPLES:,} bootstraps "
            "over people",
        }
        path = evaluator.write_model_report(folder, about, looks, pairs, options)
        click.echo(f"\nReport: {path}", err=as_json)
