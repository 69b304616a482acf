"""Verification of exported files: their keypoints against the network's own.

The crops of people to verify and calibrate on are synthetic, of a dataset, or of a
user's images: `(people, height, width, 3)`, uint8, RGB, of the network's size.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.people import People
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.export.graph import crop_window
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.images import to_region
from keras_hourglass.inference.keypoints import predict_keypoints
from keras_hourglass.inference.sources import find_sources
from keras_hourglass.inference.views import crop_views


class ExportError(NamedTuple):
    """Distances of keypoints from the network's own, in pixels of the crops.

    Attributes:
        mean: Of all keypoints.
        max: The largest.
    """

    mean: float
    max: float

    def __str__(self):
        return f"{self.mean:.4f} px in the mean and {self.max:.4f} px at most"


class ErrorLimit(NamedTuple):
    """The largest error that a file may have.

    Attributes:
        pixels: Of the crops.
        of: The attribute of `ExportError` that is limited.
    """

    pixels: float
    of: str

    def __str__(self):
        return f"{self.pixels} px ({self.of})"


LIMITS = {  # precision -> limit
    "float32": ErrorLimit(0.05, "max"),
    # Where two peaks are equally high, rounded weights may decide for the other one.
    "float16": ErrorLimit(0.05, "mean"),
    "int8": ErrorLimit(1.5, "mean"),
}


def measure_error(run, model, crops, decoder: str = DEFAULT_DECODER) -> ExportError:
    """Measures the error of an exported file.

    Args:
        run: A function from crops to a dictionary with `keypoints`, as of
            `inference.runtimes.RUNTIMES`.
        model: The network that was exported.
        crops: `(people, height, width, 3)`, uint8.
        decoder: The decoder in the file, one of `heatmaps.DECODER_NAMES`.
    """
    points, _ = predict_keypoints(model, crops, decoder=decoder)
    expected = crop_window(model).to_image(points, model.heatmap_size)
    keypoints = np.concatenate([run(crop[None])["keypoints"] for crop in crops])
    distance = np.linalg.norm(keypoints - expected, axis=-1)
    return ExportError(float(distance.mean()), float(distance.max()))


def require_close(error: ExportError, limit: ErrorLimit, name: str, count: int):
    """Raises a ValueError if an error exceeds its limit, or is NaN.

    Args:
        error: The error of a file.
        limit: The limit of its precision.
        name: The format, for the message.
        count: The number of crops, for the message.
    """
    if not getattr(error, limit.of) <= limit.pixels:
        raise ValueError(
            f"Keypoints of {name} must be the network's. Received: keypoints {error} "
            f"away on {count} crops, where the limit is {limit}"
        )


MAX_CROPS = 96
HELD_OUT = 3  # one crop of so many is not calibrated on, but verified on


def calibration_split(crops) -> tuple[np.ndarray, np.ndarray]:
    """Splits crops into those to calibrate on and those to verify on.

    They are the same if there are less than three.
    """
    if len(crops) < HELD_OUT:
        return crops, crops
    held_out = np.arange(len(crops)) % HELD_OUT == HELD_OUT - 1
    return crops[~held_out], crops[held_out]


def load_crops(model, images=None, dataset=None, crops=None):
    """Loads crops from one of three sources; without any, of synthetic people.

    Args:
        model: A `StackedHourglass`.
        images: Paths of image files, or folders of them; or one path.
        dataset: The name of a dataset as "mpii:DIR", or a `People`.
        crops: `(people, height, width, 3)`, uint8.

    Returns:
        The crops, 96 at most but for `crops`, and a description of them.

    Raises:
        ValueError: If there is more than one source, no image, or no person, or if
            `crops` have another shape.
    """
    sources = {"images": images, "dataset": dataset, "crops": crops}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise ValueError(
            "Crops must come from one of `images`, `dataset` and `crops`. "
            f"Received: {', '.join(given)}"
        )
    if images is not None:
        paths = _find_images(images)
        return image_crops(paths, model), f"{len(paths)} images"
    if dataset is not None:
        loaded = dataset_crops(dataset, model)
        name = "`dataset`" if isinstance(dataset, People) else str(dataset)
        return loaded, f"{len(loaded)} people of {name}"
    if crops is not None:
        crops = np.asarray(crops)
        shape = (*model.image_size, 3)
        if crops.shape[1:] != shape or crops.dtype != "uint8" or not len(crops):
            raise ValueError(
                f"`crops` must be (people, {', '.join(map(str, shape))}), uint8. "
                f"Received: {crops.shape}, {crops.dtype}"
            )
        return crops, f"{len(crops)} crops"
    loaded = synthetic_crops(model)
    return loaded, f"{len(loaded)} synthetic people"


def dataset_crops(dataset, model, count: int = MAX_CROPS) -> np.ndarray:
    """Crops of people of a dataset: of its validation split, if it has one.

    Args:
        dataset: The name of a dataset as "mpii:DIR", or a `People`.
        model: A `StackedHourglass`.
        count: The most people, evenly spaced.
    """
    people = dataset if isinstance(dataset, People) else load_dataset(dataset)
    if (validation := people.splits == "val").any():
        people = people[validation]
    if not len(people):
        raise ValueError("`dataset` must hold people. Received: none")
    chosen = np.unique(np.linspace(0, len(people) - 1, count).astype(int))
    size = model.input_size
    loader = Loader(Preprocessor(people[chosen], size, model.heatmap_size))
    return np.stack([loader.load(index)[0] for index in range(len(chosen))])


def synthetic_crops(model, count: int = MAX_CROPS) -> np.ndarray:
    """Crops of synthetic people, which need no download."""
    return dataset_crops("synthetic:1", model, count)


def image_crops(paths, model) -> np.ndarray:
    """Crops of one person in each image, those of `PoseEstimator`'s second pass."""
    size, estimator, crops = model.input_size, PoseEstimator(model), []
    for path, (pose,) in zip(paths, estimator.stream(paths)):
        window = Window.from_box(np.asarray(pose.box), size=size)
        crops.append(crop_views(to_region(path), window, (1.0,), size)[0])
    return np.rint(crops).astype("uint8")


def _find_images(images) -> list[str]:
    """Paths of image files, 96 at most."""
    if isinstance(images, (str, bytes)) or hasattr(images, "__fspath__"):
        images = [images]
    images = [str(path) for path in images]
    paths = [each.name for each in find_sources(images) if each.kind == "image"]
    if not paths:
        raise ValueError(
            "`images` must be images, or folders of them. "
            f"Received: images={', '.join(images)}"
        )
    return paths[:MAX_CROPS]
