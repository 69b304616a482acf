"""Table 1 of the paper: presets trained alike, their accuracy and their costs.

Elhagry, Saeed, Araia. Lighter Stacked Hourglass Human Pose Estimation, Table 1.
https://arxiv.org/abs/2107.13643
"""

import csv
from pathlib import Path

from keras_hourglass.evaluation.bootstrap import LEVEL, RESAMPLES
from keras_hourglass.evaluation.conventions import CONVENTIONS, STANDARD
from keras_hourglass.evaluation.tables import format_number, format_with_interval
from keras_hourglass.models.config import NETWORK_DEFAULTS
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.utils.files import atomic_write

MEAN = "mean_of_joints"  # the convention of the paper
MEANS = (MEAN, STANDARD)  # those of the table
DIFFERENCE = "difference"
MEASURE = "PCKh@0.5"  # of rows of version 0.2, which do not name theirs
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
    settings = [
        {**NETWORK_DEFAULTS, **row.get("network", {}), **network, **counted}
        for row in rows
    ]
    paper = PAPER_SETTINGS.items()
    if any(of_row[name] != value for of_row in settings for name, value in paper):
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
