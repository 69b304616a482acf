"""`hourglass-keras evaluate`: scores of models, or of a file of predictions."""

import json
import os
import sys
from pathlib import Path

import click
from click.core import ParameterSource

from keras_hourglass.inference.detectors import DEFAULT_DETECTOR
from keras_hourglass.models.presets import PRESETS_OF
from keras_hourglass_cli.options import with_old_names
from keras_hourglass_cli.options.datasets import (
    broken_option,
    json_option,
    missing_option,
    source_options,
)
from keras_hourglass_cli.options.inference import inference_options, runtime_option
from keras_hourglass_cli.terminal.console import silence_keras
from keras_hourglass_cli.terminal.wording import BOXES

TASK_NAMES = POSE, DETECT = [*PRESETS_OF]
RENAMED = {"everybody": "all-splits"}  # since 0.1


@click.command(context_settings=with_old_names(RENAMED))
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@source_options(multiple=True, default=["mpii"], show_default=True)
@click.option(
    "--task",
    type=click.Choice(TASK_NAMES),
    default=POSE,
    show_default=True,
    help="pose: joints of people in given windows. detect: boxes of everyone on "
    "photographs.",
)
@click.option(
    "--groups",
    is_flag=True,
    help="Print PCKh by labeled limb joints, visibility, size of the person, and other "
    "people, too.",
)
@click.option(
    "--boxes",
    multiple=True,
    metavar="true|shaken|DETECTOR",
    help="Windows of people: those of the dataset; these moved and scaled by up to a "
    "tenth at random; or those that a detector finds, see `predict`. May be given "
    "several times.  [default: true]",
)
@click.option(
    "--min-size",
    type=click.FloatRange(0, min_open=True),
    metavar="PIXELS",
    help="Leave out people whose box has a shorter longer side.",
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
@inference_options
@runtime_option
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a report: an HTML page and JSON; of a detector, JSON and its "
    "failures.",
)
@click.option(
    "--calibrate",
    "calibrated",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.keras",
    help="Write the MODEL with scores of joints that are calibrated on these people.",
)
@missing_option
@broken_option
@json_option
def command(
    sources,
    models,
    task,
    groups,
    boxes,
    min_size,
    end_to_end,
    detector,
    predictions,
    all_splits,
    folder,
    calibrated,
    missing_images,
    broken_images,
    as_json,
    **options,
):
    """Score models on validation people of datasets, under every PCKh convention.

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
    context, everyone = click.get_current_context(), end_to_end or task == DETECT
    _require_usable(everyone, **context.params)
    context.meta[BOXES] = "--boxes"
    from keras_hourglass.evaluation import bootstrap
    from keras_hourglass.evaluation.predictions import other_programs
    from keras_hourglass.utils.files import require_writable

    if folder:  # an unusable folder is reported before minutes of work
        require_writable(folder, folder=True)
    network = calibrated and load_for_calibration(*models, calibrated)
    if everyone or boxes:
        sys.path.insert(0, os.getcwd())  # of module:function, as for `python -m`
    options |= {"missing": missing_images, "broken": broken_images}
    options["all_splits"] = all_splits
    if predictions:
        root = sources[0].root
        evaluations = [other_programs.evaluate_predictions(predictions, root)]
    else:
        silence_keras()
        kinds = {"boxes": boxes} if boxes else {}
        from keras_hourglass.evaluation import evaluator
        from keras_hourglass.evaluation.detection.end_to_end import evaluate_end_to_end

        if end_to_end:
            place = sources[0], detector
            evaluations = [evaluate_end_to_end(m, *place, **options) for m in models]
        elif everyone:
            options["task"] = task
            evaluations = [
                evaluator.evaluate(model, sources[0], **options) for model in models
            ]
        else:
            options |= {**kinds, "min_size": min_size}
            evaluations = evaluator.evaluate_models(models, sources, **options)
    comparisons = [] if everyone else bootstrap.compare_models(evaluations)
    if as_json:
        print_json(evaluations, comparisons, groups, everyone)
    else:
        print_tables(evaluations, comparisons, groups)
    if folder:
        if everyone:
            path = evaluations[0].save_report(folder)
        else:
            from keras_hourglass.evaluation.report import save_report

            path = save_report(folder, evaluations, comparisons)
        click.echo(f"Report: {path}", err=as_json)
    if calibrated:
        from keras_hourglass.evaluation.calibration import fit_calibration

        fit = fit_calibration(evaluations)
        save_calibrated(network, fit.calibration, calibrated)
        click.echo(f"{fit}\nCalibrated network: {calibrated}", err=as_json)


def _require_usable(
    everyone,
    models,
    dataset,
    predictions,
    folder,
    boxes,
    groups,
    min_size,
    task,
    end_to_end,
    calibrated,
    **_,
):
    """Raises a UsageError where options do not go together."""
    context = click.get_current_context()
    typed = {
        name
        for name in context.params
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE
    }
    if bool(models) == bool(predictions):
        raise click.UsageError("Name either one or more MODELs, or --predictions.")
    if folder and predictions:
        raise click.UsageError("--report goes with MODELs: it shows their people.")
    if len({*map(os.path.normpath, models)}) < len(models):
        raise click.UsageError("Name each MODEL once.")
    if everyone and predictions:
        raise click.UsageError("--predictions are of poses in given windows.")
    if folder and (end_to_end or everyone and len(models) > 1):
        raise click.UsageError(
            "--report is of poses in given windows, or one detector."
        )
    if (everyone or predictions) and len(dataset) > 1:
        raise click.UsageError(
            "--task detect, --end-to-end and --predictions go with one --dataset."
        )
    if (everyone or predictions) and (boxes or groups or min_size):
        raise click.UsageError(
            "--boxes, --groups and --min-size are of MODELs' poses in given windows."
        )
    if folder and (len(dataset) > 1 or len(boxes) > 1):
        raise click.UsageError(
            "--report goes with one --dataset and one kind of --boxes."
        )
    if "detector" in typed and not end_to_end:
        raise click.UsageError("--detector goes with --end-to-end; see also --boxes.")
    if task == DETECT and typed & {"flip", "decoder"}:
        raise click.UsageError("--flip and --decoder are of poses.")
    if len({*boxes}) < len(boxes):
        raise click.UsageError("Name each kind of --boxes once.")
    if calibrated and (len(models) != 1 or everyone or calibrated.suffix != ".keras"):
        raise click.UsageError("--calibrate OUT.keras goes with one MODEL of poses.")


def load_for_calibration(model, path):
    """Loads the network to calibrate, before minutes of work: exports are none."""
    silence_keras()
    from keras_hourglass.models.loading import load_argument
    from keras_hourglass.utils.files import require_writable

    require_writable(path)
    return load_argument(model, "model")


def save_calibrated(network, calibration, path):
    """Writes a network with a calibration."""
    from keras_hourglass.utils.files import atomic_write

    network.calibration = calibration
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        network.save(temporary)


def print_json(evaluations, comparisons, groups: bool, everyone: bool):
    """Prints all scores as JSON."""
    from keras_hourglass.evaluation.evaluator import nest_scores

    if everyone:
        data = {each.name: each.to_dict() for each in evaluations}
    else:
        data = nest_scores(evaluations, comparisons, groups)
    click.echo(json.dumps(data, indent=2))


def print_tables(evaluations, comparisons, groups: bool):
    """Prints evaluations one after another, then what spans several."""
    from keras_hourglass.evaluation import tables

    for evaluation in evaluations:
        click.echo(evaluation)
    for comparison in comparisons:
        click.echo(tables.format_comparison(comparison))
    if groups:
        click.echo(tables.format_groups(evaluations))
