"""Results of an evaluation: scores, tables, data frames and reports.

NumPy only, so that files of predictions are scored without Keras.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.people.people import concatenate
from keras_hourglass.evaluation import bootstrap, oks, tables
from keras_hourglass.evaluation.breakdowns import (
    errors_of_missed,
    group_percentages,
    pck_torso,
    percentages_with_found,
)
from keras_hourglass.evaluation.calibration import CalibrationFit, fit_calibration
from keras_hourglass.evaluation.conventions import is_scored
from keras_hourglass.evaluation.detection.windows import TRUE, describe_boxes
from keras_hourglass.evaluation.error_kinds import classify, error_kinds
from keras_hourglass.evaluation.predictions import Predictions
from keras_hourglass.evaluation.scoring import (
    convention_means,
    main_scores,
    score,
    to_json_types,
)
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils import make_dataframe

if TYPE_CHECKING:
    from keras_hourglass.inference.runtimes.exported import ExportedNetwork
    from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
    from keras_hourglass.models.stacked_hourglass import StackedHourglass


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The result of evaluating one model; `print` shows it as a table.

    Percentages are PCKh, measured in head sizes (Andriluka et al. 2D Human Pose
    Estimation: New Benchmark and State of the Art Analysis, CVPR 2014,
    http://human-pose.mpi-inf.mpg.de); for a skeleton without a head they are PCK,
    measured in the longer side of the box. See `Skeleton.reference`.

    Attributes:
        name: The model's name, path or preset, or the path of a file of predictions.
        skeleton: The skeleton of the joints.
        predictions: The predictions and their errors; see `Predictions`.
        people: The evaluated people, with the model's skeleton; None for a file.
        model: The evaluated model; None for a file and for given joints.
        options: The options of keypoint prediction; likewise.
        dataset: The dataset's name and folder, where known.
        runtime: The program that ran the model, a key of `inference.runtimes.RUNTIMES`.
        boxes: The windows of the people: "true", "shaken", or the name of a detector.
        missed: With a detector, the people without a box. They are not among `people`,
            nor in the scores but those of "boxes" and in `groups`.

    Example:

    ```python
    import keras_hourglass as kh

    people = kh.load_dataset("synthetic", "2").split("val")[:8]
    result = kh.evaluate("photo", people)
    print(result)
    print(result.pckh, result.per_joint["left_wrist"])
    ```
    """

    name: str
    skeleton: Skeleton
    predictions: Predictions
    people: People | None = None
    model: "StackedHourglass | ExportedNetwork | None" = None
    options: "KeypointOptions | None" = None
    dataset: str = ""
    runtime: str = "keras"
    boxes: str = TRUE
    missed: People | None = None

    @property
    def windows(self) -> str:
        """The windows in words: "true boxes", "shaken boxes", "boxes of 'people'"."""
        return describe_boxes(self.boxes)

    @property
    def title(self) -> str:
        """The names of the model and of the dataset, and the windows unless true."""
        title = f"{self.name} on {self.dataset}" if self.dataset else self.name
        return title if self.boxes == TRUE else f"{title}, {self.windows}"

    @property
    def pckh(self) -> float:
        """PCKh@0.5 in percent, over all labeled joints that the skeleton scores.

        PCK@0.1 without a head. The value of the `PCKh` metric, and the convention
        `mean_by_count`.
        """
        return self.scores["pckh"]

    @property
    def per_joint(self) -> dict[str, float]:
        """PCKh@0.5 (PCK@0.1) of each joint: name -> percent, NaN if never labeled."""
        return main_scores(self.scores)["per_joint"]

    @property
    def conventions(self) -> dict[str, float]:
        """PCKh@0.5 (PCK@0.1) under each convention: name -> percent."""
        return main_scores(self.scores)["means"]

    @property
    def error_kinds(self) -> dict | None:
        """The kinds of errors; see `error_kinds.error_kinds`. None for a file."""
        return self.scores.get("error_kinds")

    @cached_property
    def groups(self) -> dict[str, list[dict]] | None:
        """PCKh@0.5 (PCK@0.1) of groups of people, over the joints of arms and legs.

        By the number of labeled limb joints, visibility of joints, size of the person
        and other people in the image, where the dataset knows them: kind of group ->
        for each group its "name", numbers of "people" and "joints", "percent" and
        "interval"; see `breakdowns.group_percentages`. With the boxes of a detector,
        all people count, those without a box as wrong, and "found" has the numbers of
        the others. Over all joints for a skeleton without arms and legs; None for a
        file.
        """
        if self.people is None:
            return None
        if self.missed is None:
            errors = self.predictions.errors
            return group_percentages(errors, self.people, self.resamples)
        return percentages_with_found(*self._everyone, self.resamples)

    @property
    def offset(self) -> tuple[float, float] | None:
        """The mean signed error (x, y), heatmap pixels. None for a file."""
        return self.predictions.offset

    @cached_property
    def scores(self) -> dict:
        """All scores; see `scoring.score`, and the modules of the others."""
        made = score(self.predictions.errors, self.skeleton, self.resamples)
        if self.offset is not None:
            made["offset"] = self.offset
        if self.people is not None:
            made["torso"] = pck_torso(
                self.predictions.errors, self.people, self.resamples
            )
            made |= self._oks()
            made["error_kinds"] = error_kinds(
                self._kinds, self.predictions, self.people, self.resamples
            )
        if self.boxes != TRUE:
            made["boxes"] = {"name": self.boxes}
        if self.missed is not None:
            errors, _, counts = self._everyone
            arguments = errors, self.skeleton, self.skeleton.measure.threshold
            made["boxes"] |= {
                "people": int(is_scored(errors).any(1).sum()),
                "found": made["people"],
                "means": convention_means(*arguments),
                "intervals": bootstrap.mean_intervals(*arguments, counts),
            }
        if self.predictions.unreadable:
            made["unreadable"] = [*self.predictions.unreadable]
        return made

    def _oks(self) -> dict:
        """OKS of the people whose image could be read."""
        columns = self.people, self.predictions.joints, self.predictions.scores
        readable = self.predictions.readable
        if readable is not None:
            columns = [column[readable] for column in columns]
        return oks.evaluate_oks(*columns)

    @cached_property
    def _everyone(self) -> tuple[np.ndarray, People, np.ndarray]:
        """Errors, people and resamples with those missed, whose joints are wrong."""
        errors = [self.predictions.errors, errors_of_missed(self.missed)]
        people = concatenate([self.people, self.missed])
        return np.concatenate(errors), people, bootstrap.resample_counts(len(people))

    @cached_property
    def _kinds(self) -> np.ndarray:
        return classify(self.predictions, self.people)

    @cached_property
    def resamples(self) -> np.ndarray:
        """The bootstrap resamples of these people; see `bootstrap.resample_counts`."""
        return bootstrap.resample_counts(len(self.predictions.errors))

    def fit_calibration(self) -> CalibrationFit:
        """Fits a calibration of the model; see `calibration.fit_calibration`."""
        return fit_calibration([self])

    def to_dict(self) -> dict:
        """Returns all scores in JSON's types, NaN as None.

        Returns:
            The dictionary that `hourglass-keras evaluate --json` prints: "people",
            "joints", "measure", "conventions", "pckh", "thresholds" (with "columns",
            "per_joint", "means" and "intervals" each), "area", and where known
            "offset", "torso", "oks", "skipped", "error_kinds", "boxes" and
            "unreadable".

        Example:

        ```python
        import json

        import keras_hourglass as kh

        people = kh.load_dataset("synthetic", "2").split("val")[:8]
        print(json.dumps(kh.evaluate("photo", people).to_dict()))
        ```
        """
        return to_json_types(self.scores)

    def to_dataframe(self):
        """Returns the percentages as a pandas data frame.

        Returns:
            A `pandas.DataFrame` with a row for each joint, table column and convention
            at each threshold. Its columns: "kind" ("joint", "column" or "convention"),
            "name", "threshold" in reference lengths, "percent", and the bounds "low"
            and "high" of its 95 % interval, NaN except for conventions.

        Raises:
            ImportError: If pandas is not installed.

        Example:

        ```python
        import keras_hourglass as kh

        people = kh.load_dataset("synthetic", "2").split("val")[:8]
        frame = kh.evaluate("photo", people).to_dataframe()
        print(frame.pivot_table("percent", "name", "threshold"))
        ```
        """
        kinds = {"joint": "per_joint", "column": "columns", "convention": "means"}
        rows = []
        for threshold, part in self.scores["thresholds"].items():
            for kind, key in kinds.items():
                bounds = part["intervals"] if kind == "convention" else {}
                for name, percent in part[key].items():
                    low, high = bounds.get(name, (np.nan, np.nan))
                    rows.append((kind, name, float(threshold), percent, low, high))
        names = ["kind", "name", "threshold", "percent", "low", "high"]
        return make_dataframe(rows, names)

    def save_report(self, folder) -> Path:
        """Writes the report of this evaluation; see `report.save_report`.

        Args:
            folder: Output folder; it is created where it does not exist.

        Returns:
            Path of `report.html`.

        Raises:
            ValueError: If this is the evaluation of a file or of given joints.

        Example:

        ```python
        import keras_hourglass as kh

        people = kh.load_dataset("synthetic", "2").split("val")[:8]
        kh.evaluate("photo", people).save_report("report")
        ```
        """
        from keras_hourglass.evaluation.report import save_report

        return save_report(folder, [self])

    def __str__(self):
        return tables.format_scores(self.title, self.scores)

    def __repr__(self):
        people = self.scores["people"]
        measure = self.skeleton.measure.name.lower()
        return f"Evaluation({self.name!r}, people={people}, {measure}={self.pckh:.2f})"
