"""Whether an exported file, run by its own runtime, finds what the network finds."""

from typing import NamedTuple

import numpy as np

from keras_hourglass.export.from_crops import on_crops
from keras_hourglass.heatmaps import DEFAULT
from keras_hourglass.predict.finder import find


class Error(NamedTuple):
    """How far joints are from the network's own, in pixels of the crops.

    Attributes:
        mean: Of all joints.
        largest: Of any.
    """

    mean: float
    largest: float

    def __str__(self):
        return f"{self.mean:.4f} px in the mean, {self.largest:.4f} at most"


class Limit(NamedTuple):
    """What an error may be.

    Attributes:
        pixels: Of the crops.
        of: The attribute of `Error` that is limited.
    """

    pixels: float
    of: str

    def __str__(self):
        return f"{self.pixels} px ({self.of})"


EXACT = Limit(0.05, "largest")  # of what computes in floating point
# Of what keeps weights in sixteen bits: where two peaks are as high as each other, a
# joint may be found at either.
ROUNDED = Limit(0.05, "mean")
QUANTIZED = Limit(1.5, "mean")  # of what computes in eight bits


def error(answer, model, crops, decoder: str = DEFAULT) -> Error:
    """How far a file's joints are off.

    Args:
        answer: From crops to `keypoints` and others, by name.
        model: The network, as it was given.
        crops: `(people, height, width, 3)`, uint8.
        decoder: Of heatmaps, that the file has.
    """
    points, _ = find(model, crops, decoder=decoder)
    wanted = on_crops(model).to_image(points, model.heatmap_size)
    found = np.concatenate([answer(crop[None])["keypoints"] for crop in crops])
    distance = np.linalg.norm(found - wanted, axis=-1)
    return Error(float(distance.mean()), float(distance.max()))


def require_close(
    answer, model, crops, limit: Limit, name: str, decoder: str = DEFAULT
):
    """Raises a ValueError if joints are further off than a limit, or no numbers."""
    off = error(answer, model, crops, decoder)
    if not getattr(off, limit.of) <= limit.pixels:
        raise ValueError(
            f"{name} is not written: its joints are {off} from the network's, on "
            f"{len(crops)} crops; the limit is {limit}"
        )
