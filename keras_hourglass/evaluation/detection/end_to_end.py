"""Evaluation of everyone on a photograph, end to end: from the image to all poses.

Average precision over object keypoint similarity, as COCO computes it, of poses in the
detector's own boxes beside poses in true boxes; people missed, and false ones.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#keypoints-eval
"""

import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_hourglass.data.datasets import DatasetSpec
from keras_hourglass.data.datasets.coco.poses import PhotographPoses, load_poses
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.paths import drop_missing
from keras_hourglass.data.readers.sizes import fill_sizes
from keras_hourglass.evaluation.detection import precision
from keras_hourglass.evaluation.detection.evaluator import MIN_SCORE
from keras_hourglass.evaluation.detection.matching import Matches, join, match
from keras_hourglass.evaluation.scoring import to_json_types
from keras_hourglass.evaluation.tables import describe_unreadable, format_number
from keras_hourglass.inference.boxes import overlaps
from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.oks import AREA_OF_BOX, sigmas_of, similarities
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.inference.suppression import default_min_pose_score
from keras_hourglass.models.loading import model_name
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils import format_table

logger = logging.getLogger(__name__)

MAX_POSES = 20  # of a photograph that are evaluated, as COCO does
OWN, TRUE = "own boxes", "true boxes"
COLUMNS = ("AP", "AP50", "AP75", "recall")


@dataclass(frozen=True, eq=False, repr=False)
class EndToEndEvaluation:
    """The result of evaluating everyone on photographs; `print` shows it as a table.

    Attributes:
        name: Names of the pose network and of the detector.
        truth: The `PhotographPoses`.
        skeleton: The skeleton of the poses.
        poses: Kind of boxes, "own boxes" and, where they were evaluated, "true boxes"
            -> for each photograph its list of `Pose`.
        limits: "min_score" of boxes and "min_pose_score", at which people are counted.
        unreadable: Messages about images that could not be read; `truth` and `poses`
            are without them.
    """

    name: str
    truth: PhotographPoses
    skeleton: Skeleton
    poses: dict[str, list[list[Pose]]]
    limits: dict[str, float]
    unreadable: tuple[str, ...] = ()

    @cached_property
    def scores(self) -> dict:
        """All scores.

        Returns:
            "own boxes" and "true boxes", see `precision.summarize`; "counts", see
            `count`; "photographs", "people", "joints", the evaluated joints' names,
            "limits", and where there are any "unreadable".
        """
        made = {
            kind: precision.summarize(self.match(poses))
            for kind, poses in self.poses.items()
        }
        scores = {
            "photographs": len(self.truth),
            "people": made[OWN]["people"],
            "joints": [*self._joints[0]],
            **made,
            "limits": self.limits,
            "counts": self.count(**self.limits),
        }
        return scores | ({"unreadable": [*self.unreadable]} if self.unreadable else {})

    def count(self, min_score: float, min_pose_score: float) -> dict:
        """Counts people found at an OKS of 0.5, missed, and false.

        Args:
            min_score: Of the boxes of poses that count.
            min_pose_score: Of their joints, on average.
        """
        chosen = [
            [p for p in poses if _is_sure(p, min_score, min_pose_score)]
            for poses in self.poses[OWN]
        ]
        return precision.count_at(self.match(chosen))

    def match(self, poses: list[list[Pose]]) -> Matches:
        """Matches the poses of all photographs with their people."""
        return join(
            [self._match_photograph(row, of_row) for row, of_row in enumerate(poses)]
        )

    def _match_photograph(self, row, poses):
        _, ours, theirs = self._joints
        truth, is_crowd = self.truth, self.truth.photographs.is_crowd[row]
        scores = np.array([pose_score(pose, ours) for pose in poses])
        order = np.argsort(-scores, kind="stable")[:MAX_POSES]
        joints = np.array([poses[index].joints[ours] for index in order])
        labeled = truth.labeled[row][:, theirs]
        similarity = pose_similarities(
            joints.reshape(-1, len(ours), 2),
            truth.joints[row][:, theirs],
            labeled,
            known_areas(truth, row),
            truth.photographs.boxes[row].astype(float),
            sigmas_of(truth.skeleton)[theirs],
        )
        ignored = is_crowd | ~labeled.any(1)
        return match(similarity, scores[order], ignored, is_crowd)

    @cached_property
    def _joints(self):
        """Names of the joints in common, and their indices in poses and truth."""
        names = [name for name in self.truth.skeleton.joints if name in self.skeleton]
        return (
            names,
            [*self.skeleton.indices(names)],
            [*self.truth.skeleton.indices(names)],
        )

    def to_dict(self) -> dict:
        """Returns all scores in JSON's types, NaN as None; see `scores`."""
        return to_json_types(self.scores)

    def __str__(self):
        scores, counts = self.scores, self.scores["counts"]
        rows = [
            [kind, *(format_number(scores[kind][name]) for name in COLUMNS)]
            for kind in self.poses
        ]
        limits = ", ".join(
            f"{name} {value:g}" for name, value in scores["limits"].items()
        )
        unreadable = [describe_unreadable(self.unreadable)] if self.unreadable else []
        return "\n".join(
            [
                f"{self.name}: {scores['photographs']:,} photographs, "
                f"{scores['people']:,} people, {len(scores['joints'])} joints",
                "",
                format_table(["poses in", *COLUMNS], rows),
                "",
                "AP: average precision over OKS, %, mean from 0.5 to 0.95",
                f"recall: people found, %, at {precision.FALSE_PER_PHOTOGRAPH} false "
                "people a photograph, OKS of 0.5",
                f"With {limits}: {counts['found']:,} people found at an OKS of 0.5, "
                f"{counts['missed']:,} missed, {counts['false']:,} false",
                *unreadable,
                "",
            ]
        )

    def __repr__(self):
        count, ap = len(self.truth), self.scores[OWN]["AP"]
        return f"EndToEndEvaluation({self.name!r}, photographs={count}, ap={ap:.2f})"


def evaluate_end_to_end(
    model="photo",
    dataset="coco",
    detector="people",
    *,
    split: str | None = None,
    count: int | None = None,
    all_splits: bool = False,
    true_boxes: bool = True,
    broken: str = "error",
    missing: str = "error",
    **options,
) -> EndToEndEvaluation:
    """Evaluates the poses of everyone on photographs, from the image alone.

    Args:
        model: What `PoseEstimator` takes.
        dataset: A dataset as in "coco:DIR", of which the validation photographs are
            evaluated, or `PhotographPoses`.
        detector: What `load_detector` takes.
        split: "train", "val" or "test"; by default "val", where there is any.
        count: Number of photographs, chosen evenly; by default all.
        all_splits: Evaluates the photographs of all splits.
        true_boxes: Evaluates poses in true boxes, too.
        broken: "error" raises for an image that cannot be read; "skip" leaves it out,
            and lists it under `unreadable`.
        missing: "error" raises if a photograph does not exist; "skip" leaves it out.
            For datasets by name.
        options: Other arguments of `PoseEstimator`: `flip`, `passes` and so on. Here,
            `min_score` is 0.01 and `min_pose_score` 0 by default.

    Returns:
        An `EndToEndEvaluation`: `scores`, `to_dict()`; printed, a table.

    Raises:
        DatasetError: If the dataset cannot be loaded, or has no poses of everyone.
        ImageDecodeError: If an image cannot be read and `broken` is "error".
        ValueError: If an argument is invalid, no photograph can be read, or model and
            dataset have no joint in common.

    Example:

    <!-- not run: needs COCO's photographs -->
    ```python
    import keras_hourglass as kh

    result = kh.evaluate_end_to_end("photo", "coco:COCO", flip=True)
    print(result)
    print(result.count(min_score=0.4, min_pose_score=0.3))
    ```
    """
    KeypointOptions(broken=broken)  # validates it
    estimator, limits = _load_estimator(model, detector, **options)
    truth = dataset
    if not isinstance(dataset, PhotographPoses):
        truth = load_truth(dataset, split, all_splits, missing)
    if count is not None and count < len(truth):
        truth = truth.select(np.arange(count) * len(truth) // count)
    if not any(name in estimator.skeleton for name in truth.skeleton.joints):
        raise ValueError(
            "`dataset` must have joints of the model. Received: "
            f"{', '.join(truth.skeleton.joints)}"
        )
    images = [*truth.photographs.images]
    failures = {}  # image -> why it cannot be read

    def note_failure(image, error):
        if isinstance(error, DetectorError):  # the image was read
            raise error
        failures[image] = str(error)

    on_broken = note_failure if broken == "skip" else None
    poses = {OWN: [*estimator.stream(images, on_broken=on_broken)]}
    if true_boxes:
        poses[TRUE] = [
            *estimator.stream(
                *(images, boxes_of_people(truth.photographs), on_broken),
                passes=estimator.passes,
            )
        ]
    readable = [row for row, image in enumerate(images) if image not in failures]
    if not readable:
        raise ValueError(
            "`dataset` must have a photograph that can be read. "
            f"Received: {len(images)} photographs"
        )
    return EndToEndEvaluation(
        name=f"{model_name(model)} and {estimator.detector.name}",
        truth=truth.select(readable),
        skeleton=estimator.skeleton,
        poses={
            kind: [listed[row] for row in readable] for kind, listed in poses.items()
        },
        limits=limits,
        unreadable=tuple(failures.values()),
    )


def _load_estimator(model, detector, min_score: float = MIN_SCORE, **options):
    """Loads network and detector, and the limits at which people are counted.

    The detector is loaded once: its own threshold is that of counts, and a copy that
    shares its network has the one of the evaluation.
    """
    options = {"min_pose_score": 0.0, **options}
    estimator = PoseEstimator(model, detector=detector, **options)
    own = estimator.detector
    if own is None:
        raise ValueError(
            f"`detector` must be one that finds everyone. Received: {detector=}"
        )
    limits = {"min_score": own.min_score}
    limits["min_pose_score"] = default_min_pose_score(estimator.model)
    estimator.detector = own.with_limits(min_score)
    return estimator, limits


def load_truth(
    dataset,
    split: str | None = None,
    all_splits: bool = False,
    missing: str = "error",
) -> PhotographPoses:
    """Loads the photographs of a dataset with the poses of everyone.

    Args:
        dataset, split, all_splits, missing: See `evaluate_end_to_end`.
    """
    spec = DatasetSpec.whole(dataset, "dataset")
    if spec.name != "coco":
        raise DatasetError(
            "`dataset` must be 'coco:DIR' for an evaluation end to end: other formats "
            f"do not list everyone on a photograph. Received: dataset={spec.name!r}"
        )
    known = ("category", "images", "rescale")
    options = spec.options_among(known, "an evaluation end to end")
    rescale = options.pop("rescale", False)
    truth = load_poses(spec.root, **options)
    if not all_splits:
        rows = np.flatnonzero(truth.photographs.splits == (split or "val"))
        if split is not None and not len(rows):
            known = sorted({*truth.photographs.splits})
            raise ValueError(
                f"`split` must be one of {known}. Received: split={split!r}"
            )
        truth = truth.select(rows) if len(rows) else truth
    kept = drop_missing(truth.photographs, missing)
    if len(kept) < len(truth):
        logger.info(kept.notes[-1])
        there = {*kept.images}
        truth = truth.select(
            [row for row, path in enumerate(truth.photographs.images) if path in there]
        )
    return truth.match_sizes(rescale)


def boxes_of_people(photographs: Photographs) -> list[np.ndarray]:
    """Gives the boxes of people, and not of crowds, as far as they are in the image.

    Returns:
        For each photograph `(people, 4)`; none where its size cannot be read.
    """
    sized = fill_sizes(photographs)
    return [
        boxes[~is_crowd & overlaps(boxes, size)]
        for boxes, is_crowd, size in zip(sized.boxes, sized.is_crowd, sized.sizes)
    ]


def pose_score(pose: Pose, joints) -> float:
    """Computes the score that ranks a pose: its box's times the mean of its joints'."""
    return float(pose.certainty * np.mean(pose.scores[joints]))


def _is_sure(pose, min_score, min_pose_score):
    return pose.certainty >= min_score and pose.score >= min_pose_score


def known_areas(truth: PhotographPoses, row: int) -> np.ndarray:
    """Gives the areas of a photograph's people; of the box where they are unknown."""
    areas, boxes = truth.areas[row], truth.photographs.boxes[row].astype(float)
    return np.where(areas > 0, areas, AREA_OF_BOX * boxes[:, 2:].prod(axis=1))


def pose_similarities(joints, truth, labeled, areas, boxes, sigmas) -> np.ndarray:
    """Computes OKS of poses with people; of people without joints, as COCO does.

    Of these it is by the joints' distance to the box, enlarged by its sides on each
    side.

    Args:
        joints: `(poses, joints, 2)`, image pixels; NaN is nowhere.
        truth: `(people, joints, 2)`.
        labeled: `(people, joints)`, bool.
        areas: `(people,)`, pixels.
        boxes: `(people, 4)`, x, y, width, height.
        sigmas: `(joints,)`.

    Returns:
        `(poses, people)`, 0 to 1.
    """
    joints = np.nan_to_num(np.asarray(joints, float), nan=1e6)[:, None]
    low, sides = boxes[:, None, :2], boxes[:, None, 2:]
    outside = np.maximum(low - sides - joints, joints - (low + 2 * sides))
    has_joints = labeled.any(1)
    near = np.where(has_joints[:, None, None], joints - truth, np.maximum(outside, 0))
    weights = labeled | ~has_joints[:, None]
    return similarities(near, weights, areas, sigmas)
