"""Trains presets alike, one after another, for the table of the paper."""

import json
import logging
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import keras

from keras_hourglass.data.people.mixture import load_mixture, load_people
from keras_hourglass.data.readers.rows import require_structure
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.evaluation.report.profiling import network_milliseconds
from keras_hourglass.evaluation.scoring import main_scores
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.presets import PRESETS, get_preset, select_presets
from keras_hourglass.training.comparison.paper_table import (
    DIFFERENCE,
    MEAN,
    write_plot,
    write_table,
)
from keras_hourglass.training.comparison.row_errors import RowErrors, compare_errors
from keras_hourglass.training.config import (
    TrainConfig,
    create_config,
    given_options,
    given_people,
    require_given,
)
from keras_hourglass.training.run import Run
from keras_hourglass.training.runs.changes import change_config, with_absolute_paths
from keras_hourglass.training.runs.config_file import read_config, write_config
from keras_hourglass.training.runs.run_dir import has_other_files, load_state
from keras_hourglass.training.tasks.skeleton_choice import resolve_skeleton
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted
from keras_hourglass.utils.files import atomic_write, require_writable
from keras_hourglass.utils.folder_lock import FolderLock

logger = logging.getLogger(__name__)

DEFAULT_FAMILY = "lighter"
COMPARED = "stacks", "block", "stem_filters"  # in which rows differ
ROW_FILE, ERRORS_FILE = "row.json", "errors.npz"
COMPARISON_FILE = "comparison.json"


def compare(
    presets=None,
    output="runs/compare",
    verbose: int = 1,
    *,
    names=None,
    **options,
):
    """Trains presets alike and writes the table of the paper, as the command does.

    With the `output` of an earlier comparison, options that are not given are those of
    it; more `epochs` lengthen all of its runs, see `train`.

    Args:
        presets: Names or families of presets: a list, or a string with commas. The
            others are compared with the first. By default those of an earlier
            comparison in `output`, else "lighter".
        output: Folder for a run of each preset, and for the table.
        verbose: See `train`.
        names: The name of `presets` in version 0.3.
        options: The options of `train` on the dataset, the recipe and the run. Those
            on the network hold for all rows.

    Returns:
        The rows of the table, as dictionaries.

    Raises:
        ValueError: If an option is not possible, or the folder holds other rows.
        DatasetError: If a dataset cannot be loaded.
        FolderInUseError: If another process trains in the folder.
        Interrupted: After Ctrl-C; the same call goes on with that row.
    """
    selected, folder = presets if names is None else names, Path(output).expanduser()
    selected = None if selected is None else select_presets(selected)
    given = {*given_options(options)}
    with FolderLock(folder):
        stored = folder / COMPARISON_FILE
        if stored.is_file():
            before = read_config(folder, stored.name)
            config = change_config(before, **options)
            given |= before.recipe.network.keys()
            with require_structure(stored, "list the names of its `presets`"):
                text = stored.read_text(encoding="utf-8")
                listed = select_presets(json.loads(text)["presets"])
        else:  # new, or of version 0.3
            _require_comparison(folder)
            config, listed = create_config(**options), select_presets([DEFAULT_FAMILY])
        config = with_absolute_paths(_for_all_rows(config, given))
        people = given_people(options.get("dataset"))
        return Comparison(selected or listed, config, folder, verbose, people).run()


def _for_all_rows(config: TrainConfig, given) -> TrainConfig:
    """Leaves to the rows what they are compared by, unless it was given.

    A recipe for one network, as "photo", sets that, too.
    """
    if config.task != "pose":
        raise ValueError(
            "`recipe` must be one for the task 'pose', as the presets are. "
            f"Received: one for {config.task!r}"
        )
    network = {
        name: value
        for name, value in config.recipe.network.items()
        if name not in COMPARED or name in given
    }
    return replace(config, recipe=replace(config.recipe, network=network))


def _require_comparison(folder):
    """Checks that a folder is new, or has rows of version 0.3, which noted no names."""
    has_rows = any(_row_folder(folder, name).is_dir() for name in PRESETS)
    if folder.is_dir() and has_other_files(folder) and not has_rows:
        raise ValueError(
            "`output` must be a new folder, or that of an earlier comparison. "
            f"Received: output={str(folder)!r}"
        )


def _row_folder(folder, name):
    return folder / name.replace("/", "-")


@dataclass(frozen=True)
class Comparison:
    """Trains presets under one configuration, row by row. Finished rows are kept.

    Attributes:
        names: Names of presets.
        config: Configuration; its recipe's options of the network hold for all rows.
        folder: Folder for a folder of each run, and for `table.md`, `table.csv` and,
            if matplotlib is installed, `table.png`.
        verbose: See `train`.
        people: Name and root -> `People`, for datasets that are no files.
    """

    names: list[str]
    config: TrainConfig
    folder: Path
    verbose: int = 0
    people: dict = field(default_factory=dict)

    def run(self) -> list[dict]:
        """Trains the rows that are missing, and returns all rows of the table.

        Raises:
            ValueError: If the folder holds rows of another configuration.
            DatasetError: If a dataset cannot be loaded.
            Interrupted: After Ctrl-C; the next run goes on with that row.
        """
        require_writable(self.folder, folder=True)
        configs, people = {}, {**self.people}
        for name in self.names:
            configs[name], people = resolve_skeleton(
                self._row_config(name), self._row_folder(name), people
            )
        # Checked before the first row takes its hours.
        for name, config in configs.items():
            load_state(config, self._row_folder(name))
        if not all((self._row_folder(n) / ROW_FILE).is_file() for n in configs):
            for spec in require_given(self.config.datasets, people):
                if spec[:2] not in people:
                    people[spec[:2]] = load_people(spec, self.config.missing)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_config(self.folder, self.config, COMPARISON_FILE, presets=self.names)
        rows = []
        for name, config in configs.items():
            logger.info("%s: %s of %s", name, len(rows) + 1, len(configs))
            try:
                row, stopped = self._row(name, config, people)
            except Interrupted:
                raise Interrupted(
                    f"Stopped; {len(rows)} of {len(configs)} rows are finished, and "
                    f"there is a checkpoint of {name}. To go on: the same command again"
                ) from None
            rows.append({**row, DIFFERENCE: self._difference(self.names[0], name)})
            write_table(self.folder, rows, self.config)
            if stopped and len(rows) < len(configs):
                raise Interrupted(
                    f"Stopped; {len(rows)} of {len(configs)} rows are finished. To go "
                    "on: the same command again"
                )
        if unknown := [row["name"] for row in rows if "intervals" not in row]:
            logger.info(
                "Without intervals, since version 0.3 measured them: %s. To measure "
                "them again, delete %s in their folders.",
                *(", ".join(unknown), ROW_FILE),
            )
        if not write_plot(self.folder, rows):
            logger.info("No plot: it needs matplotlib (the extra `plot`).")
        return rows

    def _row_config(self, name):
        recipe = self.config.recipe
        network = {**get_preset(name).network, **recipe.network}
        return replace(self.config, recipe=replace(recipe, network=network))

    def _row_folder(self, name):
        return _row_folder(self.folder, name)

    def _difference(self, first, second) -> dict | None:
        """Compares two rows on the same people; None where errors are not known."""
        paths = [self._row_folder(name) / ERRORS_FILE for name in (first, second)]
        if first == second or not all(path.is_file() for path in paths):
            return None
        return compare_errors(*map(RowErrors.load, paths), MEAN)

    def _row(self, name, config, people) -> tuple[dict, bool]:
        """Trains a row, unless it is there; and whether a stop was asked for."""
        path = self._row_folder(name) / ROW_FILE
        if path.is_file():
            if read_config(path.parent).recipe.epochs == config.recipe.epochs:
                return json.loads(path.read_text(encoding="utf-8")), False
            path.unlink()  # before the run is longer than the one that it describes
        with FolderLock(path.parent):
            trainer = Trainer(config, path.parent, verbose=self.verbose, people=people)
            trainer.train()
        keras.backend.clear_session()  # the graphs of ten networks fill the memory
        row = {
            **asdict(get_preset(name)),
            "name": name,
            **_measure_run(path.parent, config, people),
        }
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
        return row, trainer.interrupt.requested  # in its last epoch


def _measure_run(folder: Path, config: TrainConfig, given: dict) -> dict:
    """Measures accuracy and costs of a finished run."""
    model = load_model(folder / BEST_FILE)
    mixture = load_mixture(config.datasets, model.skeleton, config.missing, given)
    people = next(iter(mixture.validation.values()))
    evaluation = evaluate(model, people, broken=config.broken)
    RowErrors.of(evaluation).save(folder / ERRORS_FILE)
    scores = main_scores(evaluation.scores)
    seconds = sum(Run(folder).history.get("seconds", []))
    return {
        "measure": model.skeleton.measure.title,
        "columns": scores["columns"],
        "means": scores["means"],
        "intervals": scores["intervals"],
        "people": evaluation.scores["people"],
        "parameters": count_parameters(model),
        "multiply_adds": count_macs(model),
        "training_seconds": seconds,
        "milliseconds": network_milliseconds(model),
    }
