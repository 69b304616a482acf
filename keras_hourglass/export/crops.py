"""People to try exported networks on: drawn, of a dataset, or on a user's pictures.

All of them are `(people, height, width, 3)`, uint8, RGB, of the network's size.
"""

import numpy as np

from keras_hourglass import data
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.mixture import Source
from keras_hourglass.data.sample import Sampler
from keras_hourglass.geometry import Crop
from keras_hourglass.predict import PoseEstimator
from keras_hourglass.predict.pictures import region
from keras_hourglass.predict.windows import seen

COUNT = 96  # of which two thirds are calibrated on, where that is needed
EVERY = 3  # of so many one is left out of it, to check on
DRAWN = Source("synthetic", "1")  # needs no download


def of_dataset(source: Source, model, count: int = COUNT) -> np.ndarray:
    """People of a dataset: those who validate, if it says who does."""
    people = data.load(source.name, source.root)
    judges = people.of_split("val")
    people = judges if len(judges) else people
    chosen = np.unique(np.linspace(0, len(people) - 1, count).astype(int))
    sampler = Sampler(people.take(chosen), model.image_size[::-1], model.heatmap_size)
    loader = Loader(sampler)
    return np.stack([loader.load(index)[0] for index in range(len(chosen))])


def drawn(model, count: int = COUNT) -> np.ndarray:
    """People that the library draws."""
    return of_dataset(DRAWN, model, count)


def of_pictures(paths, model) -> np.ndarray:
    """One person on each picture, as `PoseEstimator` looks at it the second time."""
    size, estimator, crops = model.image_size[::-1], PoseEstimator(model), []
    for path, (pose,) in zip(paths, estimator.stream(paths)):
        window = Crop.of_box(np.asarray(pose.box), size=size)
        crops.append(seen(region(path), window, (1.0,), size)[0])
    return np.stack(crops)


def parted(crops) -> tuple[np.ndarray, np.ndarray]:
    """Those to calibrate on and those to check on: others, if there are enough."""
    if len(crops) < EVERY:
        return crops, crops
    checking = np.arange(len(crops)) % EVERY == EVERY - 1
    return crops[~checking], crops[checking]
