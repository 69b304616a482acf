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

from keras_hourglass.data.mixture import load_mixture, load_people
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.evaluation.profiling import network_milliseconds
from keras_hourglass.evaluation.scoring import main_scores
from keras_hourglass.models import presets
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.loading import load_model
from keras_hourglass.training.config import TrainConfig, create_config
from keras_hourglass.training.run_dir import HISTORY_FILE, load_state
from keras_hourglass.training.skeleton_choice import resolve_skeleton
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted, atomic_write, suggest

logger = logging.getLogger(__name__)

MEAN = "mean_of_joints"  # the convention of the paper
MEASURE = "PCKh@0.5"  # of rows of version 0.2, which do not name theirs
ROW_FILE = "row.json"
PAPER_SETTINGS = {"image_size": 256, "epochs": 220, "blocks": 4, "people": 2958}


def write_table(folder: Path, rows: list[dict], config: TrainConfig):
    """Writes `table.md` and `table.csv`."""
    lines = [format_row(row) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / "table.md") as path:
        text = f"{describe_conditions(rows, config)}\n\n{markdown_table(lines)}\n"
        path.write_text(text, encoding="utf-8")
    with (
        atomic_write(folder / "table.csv") as path,
        open(path, "w", newline="") as file,
    ):
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def format_row(row: dict) -> dict[str, str]:
    """Formats a row: column -> text, as in the paper, and costs after it."""
    scores = {**row["columns"], "Mean": row["means"][MEAN]}
    minutes = row["training_seconds"] / 60
    return {
        "Network": row["name"],
        **{column: f"{value:.2f}" for column, value in scores.items()},
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


COSTS = {  # entry of a row -> label of its axis, and unit
    "multiply_adds": ("multiply-adds, 10\N{SUPERSCRIPT NINE}", 1e9),
    "milliseconds": ("inference, ms", 1),
}


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
        for row in rows:
            point = row[cost] / unit, row["means"][MEAN]
            axes.scatter(*point)
            style = {"textcoords": "offset points", "xytext": (5, 4), "fontsize": 8}
            axes.annotate(row["name"], point, **style)
        axes.set(xlabel=label, xscale="log", ylabel=f"{measure}, mean of joints")
        axes.grid(alpha=0.3)
    with atomic_write(folder / "table.png") as path:
        figure.savefig(path, dpi=120)
    return True


def select_presets(names) -> list[str]:
    """Selects presets by name, or by family: the part of names before a slash.

    Raises:
        ValueError: If a name is unknown.
    """
    families = {name.split("/")[0] for name in presets.PRESETS if "/" in name}
    selected = []
    for name in names:
        if name not in presets.PRESETS and name not in families:
            choices = [*families, *presets.PRESETS]
            raise ValueError(
                "`presets` must be names or families of presets. "
                f"{suggest(name, choices)} Received: {name!r}"
            )
        selected += [p for p in presets.PRESETS if name in (p, p.split("/")[0])]
    return [*dict.fromkeys(selected)]


def compare(names=("lighter",), output="runs/compare", verbose: int = 1, **options):
    """Trains presets alike and writes the table of the paper, as the command does.

    Args:
        names: Names or families of presets.
        output: Folder for a run of each preset, and for the table.
        verbose: See `train`.
        options: The options of `train` on the dataset, the recipe and the run. Those
            on the network hold for all rows.

    Returns:
        The rows of the table, as dictionaries.

    Raises:
        ValueError: If an option is not possible, or the folder holds other rows.
        DatasetError: If a dataset cannot be loaded.
        Interrupted: After Ctrl-C; the same call goes on with that row.
    """
    names, config = select_presets(names), create_config(**options)
    return Comparison(names, config, Path(output), verbose).run()


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
            write_table(self.folder, rows, self.config)
        if not write_plot(self.folder, rows):
            logger.info("No plot: it needs matplotlib (the extra `plot`).")
        return rows

    def _row_config(self, name):
        recipe = self.config.recipe
        network = {**presets.get_preset(name).network, **recipe.network}
        return replace(self.config, recipe=replace(recipe, network=network))

    def _row_folder(self, name):
        return self.folder / name.replace("/", "-")

    def _row(self, name, config) -> dict:
        path = self._row_folder(name) / ROW_FILE
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        Trainer(config, path.parent, verbose=self.verbose).train()
        keras.backend.clear_session()  # the graphs of ten networks fill the memory
        row = {
            **asdict(presets.get_preset(name)),
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
    scores = main_scores(evaluate(model, people, broken=config.broken).scores)
    with open(folder / HISTORY_FILE, newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return {
        "measure": model.skeleton.measure.title,
        "columns": scores["columns"],
        "means": scores["means"],
        "people": len(people),
        "parameters": count_parameters(model),
        "multiply_adds": count_macs(model),
        "training_seconds": seconds,
        "milliseconds": network_milliseconds(model),
    }
