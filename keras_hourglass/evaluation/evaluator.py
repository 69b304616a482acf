"""Evaluation of a model on people: prediction, then scores."""

import logging

from keras_hourglass.data.people import People
from keras_hourglass.data.people.joint_notes import lacking_notes, unlabeled_notes
from keras_hourglass.data.people.mixture import DatasetSpec, load_validation
from keras_hourglass.evaluation.detection.evaluator import evaluate_detector
from keras_hourglass.evaluation.detection.results import DetectionEvaluation
from keras_hourglass.evaluation.predictions import PeoplePredictor
from keras_hourglass.evaluation.results import Evaluation
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.inference.runtimes.selection import AUTO, load_network
from keras_hourglass.models.loading import model_name
from keras_hourglass.models.presets import PRESETS_OF
from keras_hourglass.utils import suggest

logger = logging.getLogger(__name__)


def evaluate(
    model,
    people,
    *,
    task: str = "pose",
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
        An `Evaluation`: `pckh`, `per_joint`, `conventions`, `offset`, `to_dict()`,
        `to_dataframe()`, `save_report(folder)`; printed, a table. For detection, a
        `DetectionEvaluation`: `ap50`, `recall`, and the same methods.

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
    if name is None:
        name = model_name(model)
    runtime, model = load_network(model, runtime)
    people, dataset = _load_people(people, model.skeleton, missing, all_splits)
    return Evaluation(
        name=name,
        skeleton=model.skeleton,
        predictions=PeoplePredictor(model, options, runtime)(people),
        people=people,
        model=model,
        options=options,
        dataset=dataset,
        runtime=runtime,
    )


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
    spec = DatasetSpec.parse(people) if isinstance(people, str) else people
    if spec.share != 1:
        raise ValueError(
            f"`people` must be a whole dataset, without a share. Received: {people!r}"
        )
    people = load_validation(spec, skeleton, missing, all_splits)
    for note in (*people.notes, *unlabeled_notes(people)):
        logger.info(note)
    return people, ":".join(filter(None, spec[:2]))
