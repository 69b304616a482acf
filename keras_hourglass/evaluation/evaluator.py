"""Evaluation of a model on people: prediction, then scores."""

import logging

from keras_hourglass.data.people import People
from keras_hourglass.data.people.joint_notes import lacking_notes, unlabeled_notes
from keras_hourglass.data.people.mixture import DatasetSpec, load_validation
from keras_hourglass.evaluation.detection.evaluator import evaluate_detector
from keras_hourglass.evaluation.detection.results import DetectionEvaluation
from keras_hourglass.evaluation.detection.windows import TRUE, Windows, get_windows
from keras_hourglass.evaluation.predictions import PeoplePredictor
from keras_hourglass.evaluation.results import Evaluation
from keras_hourglass.evaluation.scoring import to_json_types
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.inference.runtimes.selection import AUTO, load_network
from keras_hourglass.inference.views import WINDOW_RULES
from keras_hourglass.models.loading import model_name
from keras_hourglass.models.presets import PRESETS_OF
from keras_hourglass.utils import suggest

logger = logging.getLogger(__name__)


def evaluate(
    model,
    people,
    *,
    task: str = "pose",
    boxes=TRUE,
    min_size: float | None = None,
    flip: bool = False,
    decoder: str = DEFAULT_DECODER,
    batch_size: int = 8,
    broken: str = "error",
    missing: str = "error",
    all_splits: bool = False,
    name: str | None = None,
    runtime: str = AUTO,
) -> Evaluation | DetectionEvaluation:
    """Evaluates a model on people, under every published convention of PCKh.

    With `task="detect"`, evaluates a detector on photographs: average precision and
    recall of boxes, by the size of people.

    A skeleton without a head is scored by PCK, in the longer side of the box: see
    `Skeleton.reference`.

    Args:
        model: A `StackedHourglass`, or what `kh.load_model` takes: the path of a
            `.keras` file or the name of a preset with weights; or what `export` wrote.
        people: The people to evaluate on: a `People`, whose joints are mapped to the
            model's skeleton by name, or a dataset as in "mpii:DIR", of which the
            validation people are loaded. For detection, `Photographs`, or a dataset.
        task: "pose", joints of people in given windows, or "detect", boxes of people
            on photographs. A detector is also what `load_detector` takes.
        boxes: The windows in which people are predicted: "true", those of the dataset;
            "shaken", these moved by up to a tenth of the box and scaled by 0.9 to 1.1
            at random, the same for every model; or, on whole photographs, those of the
            boxes of a detector, what `load_detector` takes. People without a box (with
            an intersection over union of 0.5) are not in the scores, but counted under
            "boxes", as wrong. Errors are measured in the same lengths whatever the
            windows.
        min_size: Leaves out people whose box has a shorter longer side, pixels of the
            original photograph.
        flip: Averages the heatmaps with those of the mirrored image (flip test).
        decoder: A key of `heatmaps.DECODERS`.
        batch_size: People, or photographs, per call of the network. On a GPU, larger is
            faster.
        broken: "error" raises for an image that cannot be read; "skip" leaves its
            people out of the scores and lists it under "unreadable".
        missing: "error" raises if an image of the dataset does not exist; "skip" leaves
            its people out. For datasets by name.
        all_splits: Loads the people of all splits, not of validation alone. For
            datasets by name.
        name: Name of the model in tables and reports. By default what `model` is: its
            path, its preset, or the model's `name`.
        runtime: The program that runs the network; see `PoseEstimator`.

    Returns:
        An `Evaluation`: `pckh`, `per_joint`, `conventions`, `groups`, `offset`,
        `to_dict()`, `to_dataframe()`, `save_report(folder)`; printed, a table. For
        detection, a `DetectionEvaluation`: `ap50`, `recall`, and the same methods.

    Raises:
        ValueError: If an argument is invalid, or no joint of the model is labeled.
        FileNotFoundError: If `model` names neither a file nor a preset.
        ModuleNotFoundError: If the runtime is not installed.
        DatasetError: If the dataset cannot be loaded.
        ImageDecodeError: If an image cannot be read and `broken` is "error".

    Example:

    ```python
    import keras_hourglass as kh

    people = kh.load_dataset("synthetic", "2").split("val")[:8]
    result = kh.evaluate("photo", people, flip=True)
    print(f"PCKh@0.5 {result.pckh:.1f} %, wrist {result.per_joint['left_wrist']:.1f} %")
    ```
    """
    options = KeypointOptions(flip, decoder, batch_size, broken)
    if task == "detect":
        given = {"boxes": boxes, "min_size": min_size, "flip": flip, "decoder": decoder}
        if (*given.values(),) != (TRUE, None, False, DEFAULT_DECODER):
            raise ValueError(
                "`boxes`, `min_size`, `flip` and `decoder` go with the task 'pose'. "
                f"Received: {', '.join(f'{k}={v!r}' for k, v in given.items())}"
            )
        return evaluate_detector(
            *(model, people),
            batch_size=batch_size,
            broken=broken,
            missing=missing,
            all_splits=all_splits,
            name=name,
            runtime=runtime,
        )
    if task != "pose":
        raise ValueError(
            "`task` must be 'pose' or 'detect'. "
            f"{suggest(task, PRESETS_OF)} Received: task={task!r}"
        )
    evaluator = Evaluator(model, options, name, runtime)
    windows = get_windows(boxes, batch_size, broken)
    people, dataset = evaluator.load(people, min_size, missing, all_splits)
    return evaluator.evaluate(people, windows, min_size, dataset)


def evaluate_models(
    models,
    datasets,
    boxes=(TRUE,),
    *,
    min_size: float | None = None,
    missing: str = "error",
    all_splits: bool = False,
    runtime: str = AUTO,
    **options,
) -> list[Evaluation]:
    """Evaluates models on datasets, in one or more kinds of windows each.

    Each network and each detector is loaded once; a dataset, once for each skeleton.

    Args:
        models: What `kh.evaluate` takes, each.
        datasets: `People` or datasets, each; see `kh.evaluate`.
        boxes: Kinds of windows, each as `kh.evaluate` takes it.
        min_size, missing, all_splits, runtime: See `kh.evaluate`.
        options: Of `KeypointOptions`: `flip`, `decoder`, `batch_size`, `broken`.

    Returns:
        An `Evaluation` for each: dataset by dataset, then model by model.

    Raises:
        As `kh.evaluate`. People without whole photographs are an error of a detector's
        boxes before anything is predicted.

    Example:

    ```python
    import keras_hourglass as kh
    from keras_hourglass.evaluation.evaluator import evaluate_models

    people = kh.load_dataset("synthetic", "2").split("val")[:8]
    true, shaken = evaluate_models(["photo"], [people], ["true", "shaken"])
    print(f"{true.pckh:.1f} %, in shaken boxes {shaken.pckh:.1f} %")
    ```
    """
    options = KeypointOptions(**options)
    kinds = [get_windows(kind, options.batch_size, options.broken) for kind in boxes]
    evaluators = [Evaluator(model, options, runtime=runtime) for model in models]
    pairs = []
    for number, dataset in enumerate(datasets, 1):
        loaded = {}  # skeleton of a model -> the people: models may share it
        for evaluator in evaluators:
            skeleton = evaluator.model.skeleton
            if skeleton not in loaded:
                arguments = dataset, min_size, missing, all_splits
                people, name = evaluator.load(*arguments)
                if len(datasets) > 1:  # results are told apart by it
                    name = name or f"people {number}"
                loaded[skeleton] = people, name
            pairs.append((evaluator, *loaded[skeleton]))
    for windows in kinds:
        for _, people, _ in pairs:
            windows.require(people)
    return [
        evaluator.evaluate(people, windows, min_size, dataset)
        for evaluator, people, dataset in pairs
        for windows in kinds
    ]


def nest_scores(evaluations: list[Evaluation], comparisons, groups=False) -> dict:
    """Nests scores as `hourglass-keras evaluate --json` prints them.

    Args:
        evaluations: One or more, of models on datasets.
        comparisons: The output of `bootstrap.compare_models`.
        groups: Adds "groups"; see `Evaluation.groups`.

    Returns:
        Dataset, where there are several -> model -> kind of boxes, where there are
        several -> `Evaluation.to_dict()`, with "compared_with" the first model.
    """
    several = {
        name: len({getattr(each, name) for each in evaluations}) > 1
        for name in ("dataset", "boxes")
    }
    compared = {(c["dataset"], c["second"], c["windows"]): c for c in comparisons}
    nested = {}
    for each in evaluations:
        data = each.to_dict()
        if groups:
            data["groups"] = to_json_types(each.groups)
        if found := compared.get((each.dataset, each.name, each.windows)):
            data["compared_with"] = to_json_types(
                {"model": found["first"], "thresholds": found["thresholds"]}
            )
        place = nested.setdefault(each.dataset, {}) if several["dataset"] else nested
        if several["boxes"]:
            place.setdefault(each.name, {})[each.boxes] = data
        else:
            place[each.name] = data
    return nested


class Evaluator:
    """Evaluates a model on any number of datasets; it is loaded and compiled once.

    Args:
        model, name, runtime: See `kh.evaluate`.
        options: Flip test, decoder, batch size, and handling of broken images.
    """

    def __init__(self, model, options: KeypointOptions, name=None, runtime: str = AUTO):
        self.name = model_name(model) if name is None else name
        self.options = options
        self.runtime, self.model = load_network(model, runtime)
        self._predict = PeoplePredictor(self.model, options, self.runtime)

    def load(
        self, people, min_size: float | None, missing: str, all_splits: bool
    ) -> tuple[People, str]:
        """Loads all people of a dataset, with the model's skeleton, and its name.

        Smaller people than `min_size` are counted, and left out by `evaluate`.

        Args:
            people, min_size, missing, all_splits: See `kh.evaluate`.
        """
        if min_size is not None and not min_size > 0:
            raise ValueError(
                f"`min_size` must be above 0, or None. Received: {min_size=}"
            )
        people, name = _load_people(people, self.model.skeleton, missing, all_splits)
        count, total = len(_of_size(people, min_size)), len(people)
        if not count:
            raise ValueError(
                "`min_size` must be at most the size of the largest person, "
                f"{people.source_box_lengths.max():g} pixels. Received: {min_size=}"
            )
        if count < total:
            logger.info(
                "%s of %s people are smaller than %g pixels: left out",
                *(f"{total - count:,}", f"{total:,}", min_size),
            )
        return people, name

    def evaluate(
        self,
        people: People,
        windows: Windows,
        min_size: float | None = None,
        dataset: str = "",
    ) -> Evaluation:
        """Evaluates the model on people of its skeleton.

        Args:
            people: Of `load`.
            windows: Those in which they are predicted.
            min_size: See `kh.evaluate`.
            dataset: Name of the dataset.
        """
        rules = getattr(self.model, "window_rules", WINDOW_RULES)
        # Small people may have boxes, which then are of no one else.
        people, missed = windows.place(people, rules["box_padding"])
        people = _of_size(people, min_size)
        missed = None if missed is None else _of_size(missed, min_size)
        if not len(people):
            raise ValueError(
                "`boxes` must be those of a detector that finds one of the people. "
                f"Received: boxes={windows.name!r}, and {len(missed)} people without"
            )
        return Evaluation(
            name=self.name,
            skeleton=self.model.skeleton,
            predictions=self._predict(people),
            people=people,
            model=self.model,
            options=self.options,
            dataset=dataset,
            runtime=self.runtime,
            boxes=windows.name,
            missed=missed,
        )


def _of_size(people, min_size):
    """Leaves out people whose box is smaller."""
    if min_size is None:
        return people
    return people[people.source_box_lengths >= min_size]


def _load_people(people, skeleton, missing, all_splits):
    """Returns the people, with the model's skeleton, and the dataset's name."""
    if isinstance(people, People):
        notes = lacking_notes(people, skeleton)
        people = people.to_skeleton(skeleton)
        for note in (*notes, *unlabeled_notes(people)):
            logger.info(note)
        if not people.weights.any():
            raise ValueError(
                "`people` must have labeled joints of the model's skeleton. "
                f"Received: {len(people)} people with none of {skeleton.joints}"
            )
        return people, ""
    if not isinstance(people, (str, DatasetSpec)):
        raise ValueError(
            "`people` must be a People or a dataset as in 'mpii:DIR'. "
            f"Received: people={people!r}"
        )
    spec = DatasetSpec.whole(people, "people")
    people = load_validation(spec, skeleton, missing, all_splits)
    for note in (*people.notes, *unlabeled_notes(people)):
        logger.info(note)
    return people, ":".join(filter(None, spec[:2]))
