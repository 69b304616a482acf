"""Crops of people, to calibrate and verify exported files on.

They are those of the package, of a dataset, or of a user's images: `(people, height,
width, 3)`, uint8, RGB, of the network's size. The package's are few photographs, each
in several windows: shifted, enlarged, mirrored, of whole and of half bodies. Those of a
person detector are whole photographs (letterbox), and the package's the same windows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.detection.loading import load_photographs
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.detection.preprocessing import PhotographPreprocessor
from keras_hourglass.data.people import People
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.prepare.cropping import CROP_PADDING
from keras_hourglass.geometry import Window
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.sources import find_sources
from keras_hourglass.inference.sources.images import to_region
from keras_hourglass.inference.views import crop_views, letterbox_window

MAX_CROPS = 96
HELD_OUT = 3  # one crop of so many is not calibrated on, but verified on
PHOTOGRAPHS = Path(__file__).with_name("people")  # CC BY: ATTRIBUTION.txt is with them
# Windows of a photograph: edge and shifts, as factors of the person's window; mirrored.
VIEWS = (
    (1.0, 0.0, 0.0, False),
    (1.0, 0.05, -0.03, True),
    (0.8, 0.0, -0.15, False),
    (0.6, 0.0, -0.2, True),
    (1.2, 0.05, 0.0, False),
    (0.9, -0.1, 0.05, True),
)


class Samples(NamedTuple):
    """What the crops of a dataset are made of, for networks of one task."""

    given: type
    load: Callable
    preprocessor: type


SAMPLES = {
    "pose": Samples(People, load_dataset, Preprocessor),
    "detect": Samples(Photographs, load_photographs, PhotographPreprocessor),
}
GIVEN = tuple(each.given for each in SAMPLES.values())


def calibration_split(crops) -> tuple[np.ndarray, np.ndarray]:
    """Splits crops into those to calibrate on and those to verify on.

    They are the same if there are less than three.
    """
    if len(crops) < HELD_OUT:
        return crops, crops
    held_out = np.arange(len(crops)) % HELD_OUT == HELD_OUT - 1
    return crops[~held_out], crops[held_out]


def load_crops(model, images=None, dataset=None, crops=None):
    """Loads crops from one of three sources; without any, the package's.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        images: Paths of image files, or folders of them; or one path.
        dataset: The name of a dataset as "mpii:DIR", a `People`, or for a detector
            `Photographs`.
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
        crop = photograph_crops if model.task == "detect" else image_crops
        return crop(paths, model), f"{len(paths)} images"
    if dataset is not None:
        loaded = dataset_crops(dataset, model)
        unit = SAMPLES[model.task].given.unit[1]
        name = "`dataset`" if isinstance(dataset, GIVEN) else str(dataset)
        return loaded, f"{len(loaded)} {unit} of {name}"
    if crops is not None:
        crops = np.asarray(crops)
        shape = (*model.image_size, 3)
        if crops.shape[1:] != shape or crops.dtype != "uint8" or not len(crops):
            raise ValueError(
                f"`crops` must be (people, {', '.join(map(str, shape))}), uint8. "
                f"Received: {crops.shape}, {crops.dtype}"
            )
        return crops, f"{len(crops)} crops"
    loaded = packaged_crops(model)
    return loaded, f"{len(loaded)} crops of photographs"


def packaged_crops(model) -> np.ndarray:
    """Crops of the package's photographs, every view of all people, then the next.

    Their number is a multiple of `HELD_OUT`: who is verified on is not calibrated on.
    """
    size, crops = model.input_size, []
    regions = [to_region(str(path)) for path in sorted(PHOTOGRAPHS.glob("*.jpg"))]
    for factor, *shift, mirrored in VIEWS:
        for region in regions:
            side = region.place.scaled(1 / CROP_PADDING).right[0]
            center = region.place.center + side * np.array(shift)
            window = Window.from_center(center, side * factor, size)
            window = window.mirrored() if mirrored else window
            crops.append(crop_views(region, window, (1.0,), size)[0])
    return np.rint(crops).astype("uint8")


def dataset_crops(dataset, model, count: int = MAX_CROPS) -> np.ndarray:
    """Crops of people of a dataset, or its photographs: of "val", if it has that split.

    Args:
        dataset: The name of a dataset as "mpii:DIR", a `People` or `Photographs`.
        model: A `StackedHourglass` or a `PersonDetector`.
        count: The most people or photographs, evenly spaced.
    """
    given, load, preprocessor = SAMPLES[model.task]
    if isinstance(dataset, GIVEN) and not isinstance(dataset, given):
        raise ValueError(
            f"`dataset` must be `{given.__name__}` for a network of the task "
            f"{model.task!r}. Received: `{type(dataset).__name__}`"
        )
    samples = dataset if isinstance(dataset, given) else load(dataset)
    if (validation := samples.splits == "val").any():
        samples = samples[validation]
    if not len(samples):
        raise ValueError(f"`dataset` must hold {given.unit[1]}. Received: none")
    chosen = np.unique(np.linspace(0, len(samples) - 1, count).astype(int))
    sizes = model.input_size, model.heatmap_size
    loader = Loader(preprocessor(samples[chosen], *sizes))
    return np.stack([loader.load(index)[0] for index in range(len(chosen))])


def image_crops(paths, model) -> np.ndarray:
    """Crops of one person in each image, those of `PoseEstimator`'s second pass."""
    size, estimator, crops = model.input_size, PoseEstimator(model, detector=None), []
    for path, (pose,) in zip(paths, estimator.stream(paths)):
        window = Window.from_box(np.asarray(pose.box), size=size)
        crops.append(crop_views(to_region(path), window, (1.0,), size)[0])
    return np.rint(crops).astype("uint8")


def photograph_crops(paths, model) -> np.ndarray:
    """Whole photographs at the size of a `PersonDetector`, black beside them."""
    size, crops = model.input_size, []
    for path in paths:
        region = to_region(path)
        crops.append(
            crop_views(region, letterbox_window(region, size), (1.0,), size)[0]
        )
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
