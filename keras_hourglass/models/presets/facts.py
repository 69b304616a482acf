"""Facts of training, for the model card: those of a run, or of a packaged preset.

Imports no Keras.
"""

import csv
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from keras_hourglass.models.config import BEST_FILE, CONFIG_FILE, HISTORY_FILE
from keras_hourglass.skeletons.measures import FALSE_PER_PHOTOGRAPH

SETTINGS = "epochs", "batch_size", "optimizer", "learning_rate", "ema_span"
SETTINGS_OF = {  # of a recipe for a task alone
    "pose": ("sigma", "foreground", "distill_weight"),
    "detect": ("box_weight",),
}
# Column of the history; those of parts, such as joints, have their name after it.
SCORES = {"pose": "val_pckh", "detect": "val_box_ap"}
BOX_MEASURES = {  # of a detector's columns, by the name after it
    "": "AP50",
    "recall": f"recall at {FALSE_PER_PHOTOGRAPH} false boxes a photograph",
}


class Score(NamedTuple):
    """A score of a network.

    Attributes:
        people: Those that it was measured on, in words.
        joints: "all", or the group of joints that it counts; of a detector, which
            people it counts.
        percent: The score, percent.
        measure: Its name; None for that of the network's skeleton.
    """

    people: str
    joints: str
    percent: float
    measure: str | None = None


@dataclass(frozen=True)
class TrainingFacts:
    """Facts of the training of a network.

    Attributes:
        datasets: Datasets, in words.
        people: Number of people; of a detector, of photographs.
        settings: Name -> value of what the training was set to.
        scores: Scores on people that were not trained on.
        license: Identifier of the license of the weights, as Hugging Face spells it.
        note: More in words.
    """

    datasets: tuple[str, ...] = ()
    people: int | None = None
    settings: dict = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    license: str | None = None
    note: str = ""

    @classmethod
    def from_dict(cls, values: dict):
        """Creates facts from `dataclasses.asdict` of some, after JSON.

        Raises:
            TypeError: If the values are of something else.
        """
        scores = tuple(Score(*score) for score in values.get("scores", ()))
        datasets = tuple(values.get("datasets", ()))
        facts = cls(**{**values, "datasets": datasets, "scores": scores})
        numbers = [facts.people or 0, *(score.percent for score in scores)]
        if not all(isinstance(number, int | float) for number in numbers):
            raise TypeError(f"numbers of people and percents: {numbers}")
        if not isinstance(facts.settings, dict):
            raise TypeError(f"settings: {facts.settings!r}")
        return facts


def find_run_facts(path: Path) -> TrainingFacts | None:
    """Reads the facts of the run whose best network a file is.

    Args:
        path: Of a `.keras` file.

    Returns:
        None if it is another file, or the run's files cannot be read.
    """
    if path.name != BEST_FILE or not (path.parent / CONFIG_FILE).is_file():
        return None
    try:
        return _read_run(path.parent)
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None  # the network is loaded all the same


def _read_run(folder):
    content = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    config = content.get("config") or content["plan"]  # of version 0.1
    recipe = config["recipe"]
    task = recipe.get("task", "pose")  # runs before version 0.6 have no other
    names = *SETTINGS, *SETTINGS_OF[task]  # in the order of the card
    settings = {name: recipe[name] for name in names if recipe.get(name)}
    settings |= {"precision": config["precision"], "seed": config["seed"]}
    for name in ("init_weights", "teacher"):
        if config.get(name):
            settings[name] = _without_folder(config[name])
    specs = config.get("datasets") or config["sources"]
    people = content.get("people") or {}
    scores = ()
    if best := _best_epoch(folder / HISTORY_FILE, SCORES[task]):
        settings["best_epoch"] = int(best["epoch"]) + 1
        scores = tuple(_scores(task, best, content.get("validation") or specs[0][0]))
    datasets = tuple(filter(None, (_describe_dataset(*spec) for spec in specs)))
    return TrainingFacts(datasets, people.get("count"), settings, scores)


def _describe_dataset(name, _root, share=1.0, *_options):
    """Describes a dataset without its folder, which others have no use for.

    Returns:
        None if it is not trained on.
    """
    if share == 0:
        return None
    return name if share == 1 else f"{name}, {share:g} of it in an epoch"


def _without_folder(model):
    """Returns a preset's name or address, or of a path the name of file or run."""
    path = Path(model)
    if not path.is_absolute():  # those of runs are
        return model
    return path.parent.name if path.name == BEST_FILE else path.name


def _best_epoch(path, score) -> dict:
    """Reads the row of the epoch whose network `best.keras` is."""
    if not path.is_file():
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get(score)]
    return max(rows, key=lambda row: float(row[score]), default={})


def _scores(task, row, dataset):
    kind = "people" if task == "pose" else "photographs"
    data = f"validation {kind} of {dataset}"
    for column, value in row.items():
        if not (column and column.startswith(SCORES[task]) and value):
            continue
        part, percent = column.removeprefix(SCORES[task]).strip("_"), float(value)
        if math.isnan(percent):  # of joints that are not labeled
            continue
        if task == "pose":
            yield Score(data, part or "all", round(percent, 1))
        else:
            yield Score(data, "all", round(percent, 1), BOX_MEASURES[part])
