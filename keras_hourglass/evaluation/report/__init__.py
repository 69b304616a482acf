"""Reports of evaluations: one self-contained HTML page, and the same as JSON."""

import json
from datetime import date
from importlib.metadata import version
from pathlib import Path

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.breakdowns import all_breakdowns, hardest_people
from keras_hourglass.evaluation.error_kinds import classify
from keras_hourglass.evaluation.report.images import PeopleImages
from keras_hourglass.evaluation.report.page import render_page
from keras_hourglass.evaluation.report.profiling import profile
from keras_hourglass.evaluation.results import Evaluation
from keras_hourglass.evaluation.scoring import to_json_types
from keras_hourglass.utils.files import atomic_write

PAGE, DATA = "report.html", "report.json"


def save_report(folder, evaluations: list[Evaluation], comparisons=None) -> Path:
    """Writes a report of one or more models: `report.html` and `report.json`.

    The page is one file without scripts and references. It shows each convention with
    intervals, curves, each joint, the kinds of errors, groups of people, calibration,
    the time per person, which is measured now, and the hardest people.

    Args:
        folder: Output folder; it is created where it does not exist.
        evaluations: Results of `kh.evaluate`, with different names.
        comparisons: The output of `compare_models`; computed where it is not given.

    Returns:
        Path of `report.html`.

    Raises:
        ValueError: If names are not unique, or an evaluation is not of a model.
    """
    names = [evaluation.name for evaluation in evaluations]
    if not names or len({*names}) < len(names):
        raise ValueError(
            "`evaluations` must be one or more, with different names, which "
            f"`kh.evaluate` takes as `name`. Received: {names}"
        )
    if others := [one.name for one in evaluations if one.model is None]:
        raise ValueError(
            "`evaluations` must be of models, since a report shows images of people. "
            f"Received: {others}"
        )
    if comparisons is None:
        comparisons = bootstrap.compare_models(evaluations)
    first = evaluations[0]
    about = {"dataset": first.dataset} if first.dataset else {}
    about |= {
        "windows": ", ".join(dict.fromkeys(one.windows for one in evaluations)),
        "split": ", ".join(sorted({*map(str, first.people.splits)})),
        "flip test": ", ".join(
            dict.fromkeys("on" if one.options.flip else "off" for one in evaluations)
        ),
        "decoder": ", ".join(dict.fromkeys(one.options.decoder for one in evaluations)),
        "date": f"{date.today()}, keras-hourglass {version('keras-hourglass')}",
        "runtime": ", ".join(sorted({*map(_runtime_name, evaluations)})),
        "intervals": f"{bootstrap.LEVEL} % of {bootstrap.RESAMPLES:,} bootstrap "
        "resamples of people",
    }
    models, images, errors = {}, {}, {}
    for one in evaluations:
        models[one.name], images[one.name], errors[one.name] = _data_of(one)
    return write_report(folder, about, models, comparisons, images, errors)


def _runtime_name(evaluation):
    """The runtime, with Keras's backend."""
    if evaluation.runtime != "keras":
        return evaluation.runtime
    import keras

    return f"keras on {keras.backend.backend()}"


def _data_of(evaluation):
    """All that the report shows of a model; its hardest people, its worst errors."""
    model, predictions = evaluation.model, evaluation.predictions
    people, errors = evaluation.people, evaluation.predictions.errors
    rows = hardest_people(errors, people.skeleton.measure.threshold)
    data = {
        **evaluation.scores,
        **all_breakdowns(errors, predictions.scores, people, evaluation.resamples),
        "milliseconds": profile(model, people, evaluation.options, evaluation.runtime),
        "hardest": [str(name) for name in people.names[rows]],
    }
    images = PeopleImages(predictions, people, model.heatmap_size)
    kinds = classify(predictions, people)
    return data, [*images.hardest(rows)], [*images.worst_of_each_kind(kinds)]


def write_report(
    folder, about: dict, models: dict, comparisons=(), images=None, error_images=None
) -> Path:
    """Writes `report.html` and `report.json`.

    Args:
        folder: Output folder; it is created, and files of those names are replaced.
        about: Entries for the top of the page: label -> value.
        models: Name of each model -> its `Evaluation.scores` and breakdowns.
        comparisons: The output of `compare_models`.
        images: Name of each model -> (caption, JPEG) of its hardest people.
        error_images: The same of its worst error of each kind.

    Returns:
        The page's path.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = {"about": about, "models": models, "comparisons": [*comparisons]}
    data = to_json_types(data)
    with atomic_write(folder / DATA) as path:
        text = json.dumps(data, indent=1, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
    with atomic_write(folder / PAGE) as path:
        path.write_text(
            render_page(data, images or {}, error_images or {}), encoding="utf-8"
        )
    return folder / PAGE
