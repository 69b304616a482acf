"""Whether an exported file, run by its own runtime, finds what the network finds.

People to try exported networks on: drawn, of a dataset, or on a user's pictures.

All of them are `(people, height, width, 3)`, uint8, RGB, of the network's size.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data import datasets
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.export.graph import crop_graphs
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.images import to_region
from keras_hourglass.inference.keypoints import predict_keypoints
from keras_hourglass.inference.views import crop_views


class ExportError(NamedTuple):
    """How far joints are from the network's own, in pixels of the crops.

    Attributes:
        mean: Of all joints.
        largest: Of any.
    """

    mean: float
    largest: float

    def __str__(self):
        return f"{self.mean:.4f} px in the mean, {self.largest:.4f} at most"


class ErrorLimit(NamedTuple):
    """What an error may be.

    Attributes:
        pixels: Of the crops.
        of: The attribute of `Error` that is limited.
    """

    pixels: float
    of: str

    def __str__(self):
        return f"{self.pixels} px ({self.of})"


EXACT = ErrorLimit(0.05, "largest")  # of what computes in floating point
# Of what keeps weights in sixteen bits: where two peaks are as high as each other, a
# joint may be found at either.
ROUNDED = ErrorLimit(0.05, "mean")
QUANTIZED = ErrorLimit(1.5, "mean")  # of what computes in eight bits


def measure_error(answer, model, crops, decoder: str = DEFAULT_DECODER) -> ExportError:
    """How far a file's joints are off.

    Args:
        answer: From crops to `keypoints` and others, by name.
        model: The network, as it was given.
        crops: `(people, height, width, 3)`, uint8.
        decoder: Of heatmaps, that the file has.
    """
    points, _ = predict_keypoints(model, crops, decoder=decoder)
    wanted = crop_graphs(model).to_image(points, model.heatmap_size)
    found = np.concatenate([answer(crop[None])["keypoints"] for crop in crops])
    distance = np.linalg.norm(found - wanted, axis=-1)
    return ExportError(float(distance.mean()), float(distance.max()))


def require_close(
    answer, model, crops, limit: ErrorLimit, name: str, decoder: str = DEFAULT_DECODER
):
    """Raises a ValueError if joints are further off than a limit, or no numbers."""
    off = measure_error(answer, model, crops, decoder)
    if not getattr(off, limit.of) <= limit.pixels:
        raise ValueError(
            f"{name} is not written: its joints are {off} from the network's, on "
            f"{len(crops)} crops; the limit is {limit}"
        )


CALIBRATION_COUNT = 96  # of which two thirds are calibrated on, where that is needed
CALIBRATION_STEP = 3  # of so many one is left out of it, to check on
SYNTHETIC = DatasetSpec("synthetic", "1")  # needs no download


def dataset_crops(
    source: DatasetSpec, model, count: int = CALIBRATION_COUNT
) -> np.ndarray:
    """People of a dataset: those who validate, if it says who does."""
    people = datasets.load_dataset(source.name, source.root)
    judges = people[people.splits == "val"]
    people = judges if len(judges) else people
    chosen = np.unique(np.linspace(0, len(people) - 1, count).astype(int))
    sampler = Preprocessor(people[chosen], model.image_size[::-1], model.heatmap_size)
    loader = Loader(sampler)
    return np.stack([loader.load(index)[0] for index in range(len(chosen))])


def synthetic_crops(model, count: int = CALIBRATION_COUNT) -> np.ndarray:
    """People that the library draws."""
    return dataset_crops(SYNTHETIC, model, count)


def image_crops(paths, model) -> np.ndarray:
    """One person on each picture, as `PoseEstimator` looks at it the second time."""
    size, estimator, crops = model.image_size[::-1], PoseEstimator(model), []
    for path, (pose,) in zip(paths, estimator.stream(paths)):
        window = Window.from_box(np.asarray(pose.box), size=size)
        crops.append(crop_views(to_region(path), window, (1.0,), size)[0])
    return np.stack(crops)


def calibration_split(crops) -> tuple[np.ndarray, np.ndarray]:
    """Those to calibrate on and those to check on: others, if there are enough."""
    if len(crops) < CALIBRATION_STEP:
        return crops, crops
    checking = np.arange(len(crops)) % CALIBRATION_STEP == CALIBRATION_STEP - 1
    return crops[~checking], crops[checking]
