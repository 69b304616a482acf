"""Accuracy against cost, as a picture."""

from pathlib import Path

from keras_hourglass.replacing import replacing
from keras_hourglass.training.compare.table import MEAN

COSTS = {  # of a row -> what its axis says, and its unit
    "multiply_adds": ("multiply-adds, 10\N{SUPERSCRIPT NINE}", 1e9),
    "milliseconds": ("inference, ms", 1),
}


def write(folder: Path, rows: list[dict]) -> bool:
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
    with replacing(folder / "table.png") as path:
        figure.savefig(path, dpi=120)
    return True
