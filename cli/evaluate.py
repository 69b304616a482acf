"""`hourglass-keras evaluate`: scores of models, or of a file of predictions."""

import json
import os
import sys
from pathlib import Path

import click

from keras_hourglass.inference.detectors import DEFAULT_DETECTOR
from keras_hourglass.models.presets import PRESETS_OF
from keras_hourglass_cli.options.datasets import (
    broken_option,
    json_option,
    missing_option,
    source_options,
)
from keras_hourglass_cli.options.inference import inference_options, runtime_option
from keras_hourglass_cli.terminal.console import silence_keras

TASKS = [*PRESETS_OF]


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@source_options(default="mpii", show_default=True)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    default=TASKS[0],
    show_default=True,
    help="pose: joints of people in given windows. detect: boxes of everyone on "
    "photographs.",
)
@click.option(
    "--end-to-end",
    is_flag=True,
    help="Poses of everyone on photographs, in boxes of the --detector and in true "
    "boxes.",
)
@click.option(
    "--detector",
    default=DEFAULT_DETECTOR,
    show_default=True,
    help="Detector for --end-to-end, see `predict`.",
)
@click.option("--predictions", type=click.Path(), help="Score this file instead.")
@click.option(
    "--all-splits", is_flag=True, help="Evaluate training and test people, too."
)
@click.option("--everybody", is_flag=True, hidden=True)  # the name in version 0.1
@inference_options
@runtime_option
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a report: an HTML page and JSON; of a detector, JSON and its "
    "failures.",
)
@missing_option
@broken_option
@json_option
def command(
    source,
    models,
    task,
    end_to_end,
    detector,
    predictions,
    all_splits,
    everybody,
    folder,
    missing_images,
    broken_images,
    as_json,
    **options,
):
    """Score models on a dataset's validation people, under every PCKh convention.

    A skeleton without a head is scored by PCK at 0.05, 0.1 and 0.2 of the longer side
    of the box. A MODEL is a .keras file, a run's folder, a preset with weights (its
    name, folder or address hf://USER/NAME), or what `export` wrote. Each mean has an
    interval: 95 % of 2,000 bootstrap resamples of people. Several models are compared
    with the first, on the same resamples.

    With --task detect, a MODEL is a detector, see `predict`; it is scored on whole
    photographs by average precision and recall of boxes. --end-to-end scores all poses
    on whole photographs by the average precision of COCO, with the --detector's boxes
    and with true ones. --dataset is then coco:DIR.

    Or score a FILE.{mat,h5,npz,json} of predictions for MPII's 2,958 validation people;
    --root is then the folder with detections_our_format.mat.
    """
    if bool(models) == bool(predictions):
        raise click.UsageError("Name either one or more MODELs, or --predictions.")
    if folder and predictions:
        raise click.UsageError("--report goes with MODELs: it shows their people.")
    if len({*map(os.path.normpath, models)}) < len(models):
        raise click.UsageError("Name each MODEL once.")
    everyone = end_to_end or task == "detect"
    if everyone and predictions:
        raise click.UsageError("--predictions are of poses in given windows.")
    if folder and (end_to_end or everyone and len(models) > 1):
        raise click.UsageError(
            "--report is of poses in given windows, or one detector."
        )
    from keras_hourglass.evaluation import results, tables
    from keras_hourglass.utils.files import require_writable

    if folder:  # an unusable folder is reported before minutes of work
        require_writable(folder, folder=True)
    all_splits = all_splits or everybody
    if everyone:
        sys.path.insert(0, os.getcwd())  # of module:function, as for `python -m`
    if end_to_end:
        options |= {"missing": missing_images, "broken": broken_images}
        evaluations = evaluate_everyone(models, source, detector, all_splits, options)
        return print_scores(evaluations, as_json)
    if predictions:
        evaluations = [results.evaluate_predictions(predictions, source.root)]
    else:
        silence_keras()
        from keras_hourglass.evaluation.evaluator import evaluate

        options |= {"missing": missing_images, "broken": broken_images}
        options |= {"all_splits": all_splits, "task": task}
        evaluations = [evaluate(model, source, **options) for model in models]
    if everyone:
        print_scores(evaluations, as_json)
        if folder:
            path = evaluations[0].save_report(folder)
            click.echo(f"Report: {path}", err=as_json)
        return
    comparisons = results.compare_models(evaluations)
    if as_json:
        click.echo(json.dumps(to_data(evaluations, comparisons), indent=2))
    else:
        for evaluation in evaluations:
            click.echo(evaluation)
        for comparison in comparisons:
            click.echo(tables.format_comparison(comparison))
    if folder:
        from keras_hourglass.evaluation.report import save_report

        path = save_report(folder, evaluations, comparisons)
        click.echo(f"Report: {path}", err=as_json)


def evaluate_everyone(models, source, detector, all_splits, options) -> list:
    """Evaluates the poses of everyone on photographs, of each model."""
    silence_keras()
    from keras_hourglass.evaluation.detection.end_to_end import evaluate_end_to_end

    options = {**options, "all_splits": all_splits}
    return [evaluate_end_to_end(model, source, detector, **options) for model in models]


def print_scores(evaluations, as_json: bool):
    """Prints evaluations one after another, or all as JSON."""
    if as_json:
        click.echo(json.dumps({e.name: e.to_dict() for e in evaluations}, indent=2))
        return
    for evaluation in evaluations:
        click.echo(evaluation)


def to_data(evaluations, comparisons) -> dict:
    """Makes the output of `--json`: model -> scores and comparison with the first."""
    from keras_hourglass.evaluation.scoring import to_json_types

    data = {evaluation.name: evaluation.to_dict() for evaluation in evaluations}
    for comparison in comparisons:
        data[comparison["second"]]["compared_with"] = to_json_types(
            {"model": comparison["first"], "thresholds": comparison["thresholds"]}
        )
    return data
