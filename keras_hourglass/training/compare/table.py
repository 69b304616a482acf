"""The table of a comparison, as Markdown and as CSV."""

import csv
from pathlib import Path

from keras_hourglass.replacing import replacing
from keras_hourglass.training.plan import Plan

MEAN = "mean_of_joints"  # the convention of the paper
PAPER = {"image_size": 256, "epochs": 220, "blocks": 4, "people": 2958}


def write(folder: Path, rows: list[dict], plan: Plan):
    """Writes `table.md` and `table.csv`."""
    lines = [flat(row) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "table.md") as path:
        text = f"{conditions(rows, plan)}\n\n{markdown(lines)}\n"
        path.write_text(text, encoding="utf-8")
    with replacing(folder / "table.csv") as path, open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def flat(row: dict) -> dict[str, str]:
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


def markdown(lines: list[dict]) -> str:
    """A table of rows with the same columns."""
    cells = [
        [*lines[0]],
        ["---"] * len(lines[0]),
        *([*line.values()] for line in lines),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def conditions(rows: list[dict], plan: Plan) -> str:
    """Under what the table was made; and what it is not, where the paper's differ."""
    recipe, network = plan.recipe, plan.recipe.network
    size = network.get("image_size", PAPER["image_size"])
    said = (
        f"PCKh@0.5 on {rows[0]['people']:,} validation people of "
        f"{', '.join(source.name for source in plan.sources)}: {recipe.epochs} epochs "
        f"of batches of {recipe.batch_size}, {size} pixels"
    )
    if others := {k: v for k, v in network.items() if k != "image_size"}:
        said += ", " + ", ".join(f"{name} {value}" for name, value in others.items())
    counted = {"epochs": recipe.epochs, "people": rows[0]["people"]}
    had = {**PAPER, **network, **counted}
    if any(had[name] != value for name, value in PAPER.items()):
        said += (
            ". A small experiment, of which only the order of the networks may mean "
            "something: the paper trained 220 epochs on all of MPII, at 256 pixels, "
            "with four blocks at each position"
        )
    return said + "."
