"""Evaluation of a detector on photographs: boxes of all people, then scores."""

import logging
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets import DatasetSpec
from keras_hourglass.data.detection.mixture import load_validation_photographs
from keras_hourglass.data.detection.photographs import Photograph, Photographs
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.evaluation.detection.results import DetectionEvaluation
from keras_hourglass.heatmaps.boxes import PEAKS
from keras_hourglass.inference.batching import prefetch, run_batched
from keras_hourglass.inference.detectors import load_detector
from keras_hourglass.inference.detectors.detector import Detector
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.inference.sources.images import to_region
from keras_hourglass.utils.cores import core_count

logger = logging.getLogger(__name__)

MIN_SCORE = 0.01  # of a box that is evaluated: lower ones change no score


class Detections(NamedTuple):
    """The boxes that a detector finds on photographs.

    Attributes:
        boxes: For each photograph `(people, 4)`, x, y, width, height, image pixels.
        scores: For each photograph `(people,)`, in falling order.
        sizes: `(photographs, 2)`, width and height, pixels.
        readable: `(photographs,)`, bool.
        unreadable: Messages about images that could not be read.
    """

    boxes: list[np.ndarray]
    scores: list[np.ndarray]
    sizes: np.ndarray
    readable: np.ndarray
    unreadable: tuple[str, ...] = ()


def evaluate_detector(
    detector,
    photographs,
    *,
    batch_size: int = 8,
    broken: str = "error",
    missing: str = "error",
    all_splits: bool = False,
    name: str | None = None,
    runtime: str = AUTO,
) -> DetectionEvaluation:
    """Evaluates a detector of people on photographs, as COCO does.

    Args:
        detector: What `load_detector` takes: the name of a detector, the path of a
            `PersonDetector` or of an exported one, a network, or a function.
        photographs: `Photographs`, or a dataset as in "coco:DIR", of which the
            validation photographs are loaded.
        batch_size, broken, missing, all_splits, name, runtime: See `kh.evaluate`.

    Returns:
        A `DetectionEvaluation`.

    Raises:
        As `kh.evaluate`.
    """
    limits = {"min_score": MIN_SCORE, "max_people": PEAKS}
    detector = load_detector(detector, **limits, runtime=runtime)
    photographs, dataset = _load(photographs, missing, all_splits)
    found = detect_people(detector, photographs, batch_size, broken)
    if not found.readable.any():
        raise ValueError(
            "`people` must have a photograph that can be read. "
            f"Received: {len(photographs)} photographs"
        )
    return DetectionEvaluation(name or detector.name, photographs, found, dataset)


def _load(photographs, missing, all_splits):
    """Returns the photographs, and the dataset's name."""
    if isinstance(photographs, Photographs):
        return photographs, ""
    if not isinstance(photographs, (str, DatasetSpec)):
        raise ValueError(
            "`people` must be Photographs or a dataset as in 'coco:DIR' for detection. "
            f"Received: people={photographs!r}"
        )
    spec = DatasetSpec.whole(photographs, "people")
    photographs = load_validation_photographs(spec, missing, all_splits)
    for note in photographs.notes:
        logger.info(note)
    return photographs, ":".join(filter(None, spec[:2]))


def detect_people(
    detector: Detector,
    photographs: Photographs,
    batch_size: int = 8,
    broken: str = "error",
) -> Detections:
    """Detects the people on all photographs, in batches, reading in threads.

    Args:
        detector: Of `load_detector`.
        photographs: Photographs; their boxes are not used.
        batch_size: Photographs per call of a network.
        broken: "error" raises for an image that cannot be read; "skip" finds nothing
            there, and lists it under `unreadable`.
    """

    def prepare(photograph):
        try:
            region = read_photograph(photograph)
        except (ImageDecodeError, OSError) as error:
            if broken != "skip":
                raise
            return error, []
        return region, [detector.prepare(region)]

    groups = prefetch(prepare, photographs, core_count())
    batch_size = batch_size if detector.takes_batches else 1
    boxes, scores, sizes, failures = [], [], [], []
    for region, found in run_batched(groups, detector.detect, batch_size):
        of_photograph, size = (np.zeros((0, 4)), np.zeros(0)), (np.nan, np.nan)
        if isinstance(region, Exception):
            failures.append(str(region))
        else:
            of_photograph, size = detector.finish(found[0], region), region.size
        boxes.append(of_photograph[0])
        scores.append(of_photograph[1])
        sizes.append(size)
    sizes = np.array(sizes, float).reshape(-1, 2)
    readable = np.isfinite(sizes).all(axis=1)
    return Detections(boxes, scores, sizes, readable, tuple(failures))


def read_photograph(photograph: Photograph):
    """Reads the `ImageRegion` of a whole photograph."""
    if photograph.reader is None:
        return to_region(photograph.image)
    return to_region(photograph.reader(photograph.image))
