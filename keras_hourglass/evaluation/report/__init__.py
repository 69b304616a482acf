"""The report of an evaluation: one page that needs nothing beside it, and JSON."""

import json
from pathlib import Path

from keras_hourglass.evaluation.report.page import render_page
from keras_hourglass.utils import atomic_write

PAGE, DATA = "report.html", "report.json"


def write_report(
    folder, about: dict, models: dict, comparisons=(), pictures=None
) -> Path:
    """Writes `report.html` and `report.json`.

    Args:
        folder: Where; is made, and files of those names are replaced.
        about: What to say at its top: word -> value.
        models: Name of each model -> what `evaluation.score` and `details` say, with
            "offset", and maybe "torso", "oks", "milliseconds" and "unread".
        comparisons: Of ("first", "second", what `bootstrap.compare` says).
        pictures: Name of each model -> of (caption, JPEG), the worst first.

    Returns:
        The page's path.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {"first": first, "second": second, "thresholds": differences}
        for first, second, differences in comparisons
    ]
    data = to_plain({"about": about, "models": models, "comparisons": listed})
    with atomic_write(folder / DATA) as path:
        text = json.dumps(data, indent=1, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
    with atomic_write(folder / PAGE) as path:
        path.write_text(render_page(data, pictures or {}), encoding="utf-8")
    return folder / PAGE


def to_plain(value):
    """The same in what JSON knows: None in place of what is no number."""
    if isinstance(value, dict):
        return {str(name): to_plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(part) for part in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
