"""Reports of evaluations: one self-contained HTML page, and the same as JSON."""

import json
from pathlib import Path

from keras_hourglass.evaluation.report.page import render_page
from keras_hourglass.evaluation.scoring import to_json_types
from keras_hourglass.utils.files import atomic_write

PAGE, DATA = "report.html", "report.json"


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
