"""The table of a comparison, as Markdown and as CSV.

Accuracy against cost, as a picture.

The paper's experiment: networks that are trained alike, and the table of them.

Elhagry, Saeed, Araia. Lighter Stacked Hourglass Human Pose Estimation, Table 1.
https://arxiv.org/abs/2107.13643
"""

import csv
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras

from keras_hourglass.data import datasets
from keras_hourglass.data.mixture import load_mixture
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.evaluation.profiling import network_milliseconds
from keras_hourglass.models import presets
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.loading import load_model
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.run_dir import BEST_FILE, HISTORY_FILE, load_state
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted, atomic_write, suggest

MEAN = "mean_of_joints"  # the convention of the paper
PAPER_SETTINGS = {"image_size": 256, "epochs": 220, "blocks": 4, "people": 2958}


def write_table(folder: Path, rows: list[dict], plan: TrainConfig):
    """Writes `table.md` and `table.csv`."""
    lines = [format_row(row) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / "table.md") as path:
        text = f"{describe_conditions(rows, plan)}\n\n{markdown_table(lines)}\n"
        path.write_text(text, encoding="utf-8")
    with (
        atomic_write(folder / "table.csv") as path,
        open(path, "w", newline="") as file,
    ):
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def format_row(row: dict) -> dict[str, str]:
    """Column -> what stands in it, as the paper prints a row; more at its end."""
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
    """A table of rows with the same columns."""
    cells = [
        [*lines[0]],
        ["---"] * len(lines[0]),
        *([*line.values()] for line in lines),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def describe_conditions(rows: list[dict], plan: TrainConfig) -> str:
    """Under what the table was made; and what it is not, where the paper's differ."""
    recipe, network = plan.recipe, plan.recipe.network
    size = network.get("image_size", PAPER_SETTINGS["image_size"])
    said = (
        f"PCKh@0.5 on {rows[0]['people']:,} validation people of "
        f"{', '.join(source.name for source in plan.sources)}: {recipe.epochs} epochs "
        f"of batches of {recipe.batch_size}, {size} pixels"
    )
    if others := {k: v for k, v in network.items() if k != "image_size"}:
        said += ", " + ", ".join(f"{name} {value}" for name, value in others.items())
    counted = {"epochs": recipe.epochs, "people": rows[0]["people"]}
    had = {**PAPER_SETTINGS, **network, **counted}
    if any(had[name] != value for name, value in PAPER_SETTINGS.items()):
        said += (
            ". A small experiment, of which only the order of the networks may mean "
            "something: the paper trained 220 epochs on all of MPII, at 256 pixels, "
            "with four blocks at each position"
        )
    return said + "."


COSTS = {  # of a row -> what its axis says, and its unit
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
    for axes, (cost, (label, unit)) in zip(panels, COSTS.items()):
        for row in rows:
            point = row[cost] / unit, row["means"][MEAN]
            axes.scatter(*point)
            near = {"textcoords": "offset points", "xytext": (5, 4), "fontsize": 8}
            axes.annotate(row["name"], point, **near)
        axes.set(xlabel=label, xscale="log", ylabel="PCKh@0.5, mean of joints")
        axes.grid(alpha=0.3)
    with atomic_write(folder / "table.png") as path:
        figure.savefig(path, dpi=120)
    return True


ROW_FILE = "row.json"


def select_presets(names) -> list[str]:
    """Presets by their names, or by what stands before a slash in them: a family.

    Raises:
        ValueError: If there is none; with a guess at what was meant.
    """
    families = {name.split("/")[0] for name in presets.PRESETS if "/" in name}
    found = []
    for name in names:
        if name not in presets.PRESETS and name not in families:
            choices = [*families, *presets.PRESETS]
            raise ValueError(
                "`presets` must be names or families of presets. "
                f"{suggest(name, choices)} Received: {name!r}"
            )
        found += [p for p in presets.PRESETS if name in (p, p.split("/")[0])]
    return [*dict.fromkeys(found)]


@dataclass(frozen=True)
class Comparison:
    """Presets trained under one plan, row by row; a row that is finished stays.

    Attributes:
        names: Of the presets.
        plan: How and on whom; what its recipe says of the network holds for all rows.
        folder: For a folder of each row's run, and for `table.md`, `table.csv` and,
            where matplotlib is installed, `table.png`.
    """

    names: list[str]
    plan: TrainConfig
    folder: Path

    def run(self, say=print) -> list[dict]:
        """Trains what is not trained yet. What comes back is what the table shows.

        Raises:
            ValueError: If the folder holds rows of another plan.
            DatasetError: If a dataset cannot be loaded.
            Interrupted: On Ctrl-C; the next run goes on with that row.
        """
        plans = {name: self._plan(name) for name in self.names}
        # Before the first of them takes its hours, or its network half a minute.
        for name, plan in plans.items():
            load_state(plan, self._folder(name))
        if not all((self._folder(name) / ROW_FILE).is_file() for name in plans):
            for source in self.plan.sources:
                datasets.load_dataset(
                    source.name, source.root, missing=self.plan.missing
                )
        rows = []
        for name, plan in plans.items():
            say(f"\n{name}: {len(rows) + 1} of {len(plans)}")
            try:
                rows.append(self._row(name, plan, say))
            except Interrupted:
                raise Interrupted(
                    f"Stopped; {len(rows)} of {len(plans)} rows are finished, {name} "
                    "is kept as far as it came. To go on: the same command again"
                ) from None
            write_table(self.folder, rows, self.plan)
        if not write_plot(self.folder, rows):
            say("No plot: that takes matplotlib (`pip install keras-hourglass[plot]`).")
        return rows

    def _plan(self, name):
        recipe = self.plan.recipe
        network = {**presets.get_preset(name).network, **recipe.network}
        return replace(self.plan, recipe=replace(recipe, network=network))

    def _folder(self, name):
        return self.folder / name.replace("/", "-")

    def _row(self, name, plan, say) -> dict:
        kept = self._folder(name) / ROW_FILE
        if kept.is_file():
            return json.loads(kept.read_text(encoding="utf-8"))
        Trainer(plan, kept.parent, say).train()
        keras.backend.clear_session()  # ten networks' graphs would fill the memory
        row = {
            **asdict(presets.get_preset(name)),
            "name": name,
            **_measure_run(kept.parent, plan),
        }
        with atomic_write(kept) as path:
            path.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
        return row


def _measure_run(folder: Path, plan: TrainConfig) -> dict:
    """What the table says of a finished run."""
    model = load_model(folder / BEST_FILE)
    mixture = load_mixture(plan.sources, model.skeleton, plan.missing)
    people = next(iter(mixture.validation.values()))
    scores = evaluate(model, people, broken=plan.broken).scores
    report = scores["thresholds"]["0.5"]
    with open(folder / HISTORY_FILE, newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return {
        "columns": report["columns"],
        "means": report["means"],
        "people": len(people),
        "parameters": count_parameters(model),
        "multiply_adds": count_macs(model),
        "training_seconds": seconds,
        "milliseconds": network_milliseconds(model),
    }
