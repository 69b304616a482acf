"""Table 1 of the paper: presets trained alike, their accuracy and their costs.

Elhagry, Saeed, Araia. Lighter Stacked Hourglass Human Pose Estimation, Table 1.
https://arxiv.org/abs/2107.13643
"""

import csv
import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras

from keras_hourglass.data.people.mixture import load_mixture, load_people
from keras_hourglass.data.readers.rows import require_structure
from keras_hourglass.evaluation.bootstrap import LEVEL, RESAMPLES
from keras_hourglass.evaluation.conventions import CONVENTIONS, STANDARD
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.evaluation.report.profiling import network_milliseconds
from keras_hourglass.evaluation.scoring import main_scores
from keras_hourglass.evaluation.tables import format_number, format_with_interval
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.presets import PRESETS, get_preset, select_presets
from keras_hourglass.training.comparison.row_errors import RowErrors, compare_errors
from keras_hourglass.training.config import (
    TrainConfig,
    create_config,
    read_config,
    write_config,
)
from keras_hourglass.training.run import Run
from keras_hourglass.training.runs.changes import change_config, with_absolute_paths
from keras_hourglass.training.runs.run_dir import has_other_files, load_state
from keras_hourglass.training.tasks.skeleton_choice import resolve_skeleton
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted
from keras_hourglass.utils.files import atomic_write, require_writable
from keras_hourglass.utils.folder_lock import FolderLock

logger = logging.getLogger(__name__)

MEAN = "mean_of_joints"  # the convention of the paper
MEANS = (MEAN, STANDARD)  # those of the table
DIFFERENCE = "difference"
MEASURE = "PCKh@0.5"  # of rows of version 0.2, which do not name theirs
DEFAULT_FAMILY = "lighter"
ROW_FILE, ERRORS_FILE = "row.json", "errors.npz"
COMPARISON_FILE = "comparison.json"
PAPER_SETTINGS = {"image_size": 256, "epochs": 220, "blocks": 4, "people": 2958}


def write_table(folder: Path, rows: list[dict], config: TrainConfig):
    """Writes `table.md` and `table.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        describe_conditions(rows, config),
        markdown_table([format_row(row) for row in rows]),
        describe_columns(rows),
    ]
    with atomic_write(folder / "table.md") as path:
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    lines = [csv_row(row) for row in rows]
    with (
        atomic_write(folder / "table.csv") as path,
        open(path, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def format_row(row: dict) -> dict[str, str]:
    """Formats a row: column -> text, as in the paper, and costs after it."""
    values = {column: format_number(value) for column, value in row["columns"].items()}
    for column, (value, interval) in _intervals(row).items():
        sign = "+" if column == DIFFERENCE else ""
        values[column] = format_with_interval(value, interval, sign)
    return _format_line(row, values)


def csv_row(row: dict) -> dict[str, str]:
    """Formats a row; the bounds of intervals have columns of their own."""
    values = {column: format_number(value) for column, value in row["columns"].items()}
    for column, (value, interval) in _intervals(row).items():
        numbers = value, *(interval or (None, None))
        names = column, f"{column} low", f"{column} high"
        values |= {n: "" if v is None else f"{v:z.2f}" for n, v in zip(names, numbers)}
    return _format_line(row, values)


def _intervals(row):
    """Columns with an interval: column -> the number and (low, high), None if unknown.

    Rows of version 0.3 have no intervals.
    """
    means, intervals = row["means"], row.get("intervals", {})
    columns = {name: (means.get(name), intervals.get(name)) for name in MEANS}
    difference = row.get(DIFFERENCE) or {}
    return {
        **columns,
        DIFFERENCE: (difference.get("difference"), difference.get("interval")),
    }


def _format_line(row, values):
    minutes = row["training_seconds"] / 60
    return {
        "Network": row["name"],
        **values,
        "Parameters": f"{row['parameters'] / 1e6:.1f}M",
        "Multiply-adds": f"{row['multiply_adds'] / 1e9:.2f}G",
        "Training (h:mm)": f"{minutes // 60:.0f}:{minutes % 60:02.0f}",
        "Inference (ms)": f"{row['milliseconds']:.1f}",
    }


def markdown_table(lines: list[dict]) -> str:
    """Formats a Markdown table from lines with the same columns."""
    cells = [
        [*lines[0]],
        ["---"] * len(lines[0]),
        *([*line.values()] for line in lines),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def describe_conditions(rows: list[dict], config: TrainConfig) -> str:
    """Describes the training, and its differences from the paper's."""
    recipe, network = config.recipe, config.recipe.network
    size = network.get("image_size", PAPER_SETTINGS["image_size"])
    text = (
        f"{rows[0].get('measure', MEASURE)} on {rows[0]['people']:,} validation people "
        f"of {', '.join(spec.name for spec in config.datasets)}: "
        f"{recipe.epochs} epochs of batches of {recipe.batch_size}, {size} pixels"
    )
    others = {k: v for k, v in network.items() if k not in ("image_size", "skeleton")}
    if others:
        text += ", " + ", ".join(f"{name} {value}" for name, value in others.items())
    counted = {"epochs": recipe.epochs, "people": rows[0]["people"]}
    settings = {**PAPER_SETTINGS, **network, **counted}
    if any(settings[name] != value for name, value in PAPER_SETTINGS.items()):
        text += (
            ". A small experiment, in which only the order of the networks may be "
            "meaningful: the paper trained 220 epochs on all of MPII, at 256 pixels, "
            "with four blocks at each position"
        )
    return text + "."


def describe_columns(rows: list[dict]) -> str:
    """Describes the means, their intervals, and the costs."""
    lines = [f"{name}: {CONVENTIONS[name].rule}" for name in MEANS]
    lines += [
        f"{DIFFERENCE}: {MEAN} less that of {rows[0]['name']}, percentage points, on "
        "the same people",
        f"In parentheses: {LEVEL} % of {RESAMPLES:,} bootstraps over people",
        "Parameters: trainable weights, without moving statistics",
        "Inference: the network alone, one image at a time",
    ]
    return "\n".join(f"- {line}" for line in lines)


COSTS = {  # entry of a row -> label of its axis, and unit
    "multiply_adds": ("multiply-adds, 10\N{SUPERSCRIPT NINE}", 1e9),
    "milliseconds": ("inference, ms", 1),
}

COLORS, MARKERS = 10, "osD^v"  # matplotlib's cycle of colors; then another marker


def write_plot(folder: Path, rows: list[dict]) -> bool:
    """Writes `table.png`; False if matplotlib, an extra, is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(12, 5), layout="constrained")
    panels = figure.subplots(1, len(COSTS), sharey=True)
    measure = rows[0].get("measure", MEASURE)
    for axes, (cost, (label, unit)) in zip(panels, COSTS.items()):
        for number, row in enumerate(rows):
            mean, interval = _intervals(row)[MEAN]
            low, high = interval or (mean, mean)
            axes.errorbar(
                row[cost] / unit,
                mean,
                [[max(0, mean - low)], [max(0, high - mean)]],
                fmt=MARKERS[number // COLORS % len(MARKERS)],
                color=f"C{number % COLORS}",
                elinewidth=0.8,
                label=row["name"],
            )
        axes.set(xlabel=label, xscale="log", ylabel=f"{measure}, {MEAN}")
        axes.grid(alpha=0.3)
    # Beside the axes: names at the points would run over each other and the border.
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=8)
    with atomic_write(folder / "table.png") as path:
        figure.savefig(path, dpi=120)
    return True


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
    with FolderLock(folder):
        stored = folder / COMPARISON_FILE
        if stored.is_file():
            config = change_config(read_config(folder, stored.name), **options)
            with require_structure(stored, "list the names of its `presets`"):
                text = stored.read_text(encoding="utf-8")
                listed = select_presets(json.loads(text)["presets"])
        else:  # new, or of version 0.3
            _require_comparison(folder)
            config, listed = create_config(**options), select_presets([DEFAULT_FAMILY])
        config = with_absolute_paths(config)
        return Comparison(selected or listed, config, folder, verbose).run()


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
    """

    names: list[str]
    config: TrainConfig
    folder: Path
    verbose: int = 0

    def run(self) -> list[dict]:
        """Trains the rows that are missing, and returns all rows of the table.

        Raises:
            ValueError: If the folder holds rows of another configuration.
            DatasetError: If a dataset cannot be loaded.
            Interrupted: After Ctrl-C; the next run goes on with that row.
        """
        require_writable(self.folder, folder=True)
        configs, people = {}, {}
        for name in self.names:
            configs[name], people = resolve_skeleton(
                self._row_config(name), self._row_folder(name), people
            )
        # Checked before the first row takes its hours.
        for name, config in configs.items():
            load_state(config, self._row_folder(name))
        if not all((self._row_folder(n) / ROW_FILE).is_file() for n in configs):
            for spec in self.config.datasets:
                if spec[:2] not in people:
                    load_people(spec, self.config.missing)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_config(self.folder, self.config, COMPARISON_FILE, presets=self.names)
        rows = []
        for name, config in configs.items():
            logger.info("%s: %s of %s", name, len(rows) + 1, len(configs))
            try:
                rows.append(self._row(name, config))
            except Interrupted:
                raise Interrupted(
                    f"Stopped; {len(rows)} of {len(configs)} rows are finished, and "
                    f"there is a checkpoint of {name}. To go on: the same command again"
                ) from None
            rows[-1][DIFFERENCE] = self._difference(self.names[0], name)
            write_table(self.folder, rows, self.config)
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

    def _row(self, name, config) -> dict:
        path = self._row_folder(name) / ROW_FILE
        if path.is_file():
            if read_config(path.parent).recipe.epochs == config.recipe.epochs:
                return json.loads(path.read_text(encoding="utf-8"))
            path.unlink()  # before the run is longer than the one that it describes
        with FolderLock(path.parent):
            Trainer(config, path.parent, verbose=self.verbose).train()
        keras.backend.clear_session()  # the graphs of ten networks fill the memory
        row = {
            **asdict(get_preset(name)),
            "name": name,
            **_measure_run(path.parent, config),
        }
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
        return row


def _measure_run(folder: Path, config: TrainConfig) -> dict:
    """Measures accuracy and costs of a finished run."""
    model = load_model(folder / BEST_FILE)
    mixture = load_mixture(config.datasets, model.skeleton, config.missing)
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
