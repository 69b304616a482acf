"""Result of evaluating a detector: scores by the size of people, tables, failures."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.detection import precision
from keras_hourglass.evaluation.detection.matching import (
    Matches,
    box_similarities,
    join,
    match,
)
from keras_hourglass.evaluation.scoring import to_json_types
from keras_hourglass.evaluation.tables import (
    describe_unreadable,
    format_number,
    format_with_interval,
)
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import clip_boxes
from keras_hourglass.utils import format_table, make_dataframe
from keras_hourglass.utils.files import atomic_write

if TYPE_CHECKING:
    from keras_hourglass.evaluation.detection.evaluator import Detections

UNIT = 256  # pixels of a photograph's longer side, in which sizes of people are said
SIZES = {  # name -> the least longer side of a box, in pixels of a photograph of `UNIT`
    "all": 0,
    "from 16 px": 16,
    "from 64 px": 64,
}
COLUMNS = ("AP50", "recall", "AP", "AP75", "people")
DATA, FAILURES = "detection.json", "failures.jpg"


@dataclass(frozen=True, eq=False, repr=False)
class DetectionEvaluation:
    """The result of evaluating a detector; `print` shows it as a table.

    Boxes are matched with people as COCO does (Lin et al., Microsoft COCO: Common
    Objects in Context, ECCV 2014, https://cocodataset.org/#detection-eval): crowds and
    people below the size are ignored. Sizes are those of the longer side of the box,
    in pixels of a photograph whose longer side has 256.

    Attributes:
        name: The detector's name, path or preset.
        photographs: The `Photographs`, with their true boxes.
        detections: The boxes that were found; see `Detections`.
        dataset: The dataset's name and folder, where known.

    Example:

    ```python
    import keras_hourglass as kh

    photographs = kh.load_photographs("synthetic", 20).split("val")[:8]
    result = kh.evaluate("people", photographs, task="detect")
    print(result)
    print(result.ap50, result.recall)
    ```
    """

    name: str
    photographs: Photographs
    detections: "Detections"
    dataset: str = ""

    @property
    def ap50(self) -> float:
        """Average precision at an IoU of 0.5, of people of all sizes, in percent."""
        return self.scores["sizes"]["all"]["AP50"]

    @property
    def recall(self) -> float:
        """People found at half a false box a photograph, in percent."""
        return self.scores["sizes"]["all"]["recall"]

    @cached_property
    def scores(self) -> dict:
        """All scores: by size of people, see `precision.summarize`, with intervals."""
        rows = np.flatnonzero(self.detections.readable)
        counts = bootstrap.resample_counts(len(rows))
        sizes = {}
        for name, least in SIZES.items():
            matches = self.match(least)
            intervals = precision.intervals(matches, counts, bootstrap.interval)
            sizes[name] = {
                "least": least,
                **precision.summarize(matches),
                "intervals": intervals,
            }
        made = {
            "photographs": len(rows),
            "boxes": int(sum(map(len, self.detections.boxes))),
            "ignored": int(sum(self.photographs.is_crowd[row].sum() for row in rows)),
            "sizes": sizes,
        }
        if self.detections.unreadable:
            made["unreadable"] = [*self.detections.unreadable]
        return made

    def match(self, least: float = 0) -> Matches:
        """Matches boxes with people of at least a size; see `matching.match`.

        Args:
            least: Longer side of the box, in pixels of a photograph of 256.
        """
        rows = np.flatnonzero(self.detections.readable)
        return join([self._match_photograph(row, least) for row in rows])

    def _match_photograph(self, row, least):
        truth = self.photographs.boxes[row].astype(float)
        is_crowd, size = self.photographs.is_crowd[row], self.detections.sizes[row]
        boxes = np.asarray(self.detections.boxes[row], float)
        boxes = clip_boxes(boxes, size, NUMPY)
        ignored = is_crowd | (relative_sizes(truth, size) < least)
        in_range = relative_sizes(boxes, size) >= least
        similarity = box_similarities(boxes, truth, is_crowd)
        scores = self.detections.scores[row]
        return match(similarity, scores, ignored, is_crowd, in_range)

    def to_dict(self) -> dict:
        """Returns all scores in JSON's types, NaN as None.

        Returns:
            "photographs", "boxes" and "ignored", numbers of evaluated photographs, of
            boxes that were found, and of ignored areas; "sizes": "all", "from 16 px"
            and "from 64 px", each with the "least" size, "people", "AP", "AP50", "AP75"
            and "recall" in percent, the "score" of that recall, and "intervals" of AP50
            and recall; and where there are any "unreadable".

        Example:

        ```python
        import json

        import keras_hourglass as kh

        photographs = kh.load_photographs("synthetic", 20).split("val")[:8]
        result = kh.evaluate("people", photographs, task="detect")
        print(json.dumps(result.to_dict()))
        ```
        """
        return to_json_types(self.scores)

    def to_dataframe(self):
        """Returns the scores as a pandas data frame.

        Returns:
            A `pandas.DataFrame` with a row for each size of people and score. Its
            columns: "size", "name", "value", and the bounds "low" and "high" of its
            95 % interval, NaN except for AP50 and recall.

        Raises:
            ImportError: If pandas is not installed.

        Example:

        ```python
        import keras_hourglass as kh

        photographs = kh.load_photographs("synthetic", 20).split("val")[:8]
        result = kh.evaluate("people", photographs, task="detect")
        result.to_dataframe().to_csv("scores.csv", index=False)
        ```
        """
        rows = [
            (size, name, part[name], *part["intervals"].get(name, (np.nan, np.nan)))
            for size, part in self.scores["sizes"].items()
            for name in COLUMNS
        ]
        return make_dataframe(rows, ["size", "name", "value", "low", "high"])

    def plot_failures(self, count: int = 12, columns: int = 4) -> np.ndarray:
        """Draws the photographs with the most people missed and false boxes.

        People found are green, missed ones red, false boxes orange, ignored areas gray,
        at the score of half a false box a photograph.

        Args:
            count: Photographs to draw.
            columns: Photographs in a row of the grid.

        Returns:
            `(height, width, 3)`, uint8, RGB.

        Raises:
            ValueError: If no image was read.

        Example:

        ```python
        import keras_hourglass as kh

        photographs = kh.load_photographs("synthetic", 20).split("val")[:8]
        grid = kh.evaluate("people", photographs, task="detect").plot_failures(4)
        ```
        """
        from keras_hourglass.evaluation.detection.failures import plot_failures

        return plot_failures(self, count, columns)

    def save_report(self, folder) -> Path:
        """Writes `detection.json`, all scores, and `failures.jpg`, see `plot_failures`.

        Args:
            folder: Output folder; it is created where it does not exist.

        Returns:
            Path of `detection.json`.
        """
        from keras_hourglass.visualization.images import encode_image

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        about = {"model": self.name, "dataset": self.dataset}
        with atomic_write(folder / FAILURES) as temporary:
            temporary.write_bytes(encode_image(self.plot_failures(), FAILURES[-4:]))
        with atomic_write(folder / DATA) as temporary:
            temporary.write_text(json.dumps({**about, **self.to_dict()}, indent=2))
        return folder / DATA

    def __str__(self):
        scores, rows = self.scores, []
        for size, part in scores["sizes"].items():
            shown = (
                format_with_interval(part[name], part["intervals"][name])
                for name in COLUMNS[:2]
            )
            others = (format_number(part[name]) for name in COLUMNS[2:4])
            rows.append([size, *shown, *others, f"{part['people']:,}"])
        lines = [
            f"{self.name}: {scores['photographs']:,} photographs",
            "",
            format_table(["people", *COLUMNS], rows),
            "",
            f"from N px: the longer side of the box, in a photograph of {UNIT} px",
            "AP50: average precision, %, at an IoU of 0.5; AP: mean from 0.5 to 0.95",
            f"recall: people found, %, at {precision.FALSE_PER_PHOTOGRAPH} false boxes "
            f"a photograph (scores from {format_number(self._score)})",
            f"In parentheses: {bootstrap.LEVEL} % of {bootstrap.RESAMPLES:,} "
            "bootstraps over photographs.",
            f"{scores['ignored']:,} ignored areas: what is found there is not false.",
        ]
        if unreadable := scores.get("unreadable"):
            lines.append(describe_unreadable(unreadable))
        return "\n".join([*lines, ""])

    @property
    def _score(self):
        """The score at which recall is measured."""
        return self.scores["sizes"]["all"]["score"]

    def __repr__(self):
        count = self.scores["photographs"]
        return (
            f"DetectionEvaluation({self.name!r}, photographs={count}, "
            f"ap50={self.ap50:.2f}, recall={self.recall:.2f})"
        )


def relative_sizes(boxes, size) -> np.ndarray:
    """Computes longer sides of boxes, where the photograph's longer side is 256 pixels.

    Args:
        boxes: `(boxes, 4)`, image pixels.
        size: Width and height of the image.
    """
    return boxes[:, 2:].max(axis=1, initial=0) * UNIT / max(size)
