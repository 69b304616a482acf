"""What a network finds on people, and how far off it is, joint by joint."""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.inference.keypoints import KeypointPredictor


@dataclass(frozen=True)
class Predictions:
    """What a network found, person by person.

    Attributes:
        points: `(people, joints, 2)`, x before y, heatmap pixels.
        scores: `(people, joints)`, heights of the heatmaps' peaks.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        offset: (x, y), heatmap pixels: the mean signed error of joints found to within
            one reference length, what the network is systematically off by.
    """

    points: np.ndarray
    scores: np.ndarray
    errors: np.ndarray
    offset: tuple[float, float]


def predict_people(
    model, batches, flip: bool = False, decoder: str = DEFAULT_DECODER
) -> Predictions:
    """Lets a network look at people.

    Args:
        model: A `StackedHourglass`.
        batches: Of (images, labels), as for `fit`.
        flip: Whether to average with the mirrored image.
        decoder: A key of `heatmaps.DECODERS`.
    """
    columns = {"points": [], "scores": [], "errors": []}
    finder, most, offsets = KeypointPredictor(model, flip, decoder=decoder), 0, []
    for images, labels in batches:
        truth, weight, reference = unpack(np.asarray(labels))
        most = max(most, len(images))  # the last batch, of fewer, is filled up
        points, scores = finder.predict_keypoints(np.asarray(images)[:, None], most)
        off = points - truth
        scored = (weight > 0) & (reference > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.linalg.norm(off, axis=-1) / reference
        columns["points"].append(points)
        columns["scores"].append(scores)
        columns["errors"].append(np.where(scored, error, np.nan))
        offsets.append(off[scored & (error <= 1)])
    signed = np.concatenate(offsets)
    mean = signed.mean(0) if len(signed) else np.full(2, np.nan)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Predictions(**joined, offset=tuple(map(float, mean)))


def to_image_points(points, people: People, image_size, heatmap_size) -> np.ndarray:
    """`(people, joints, 2)`, picture pixels, of points that `look` found.

    Args:
        points: `(people, joints, 2)`, heatmap pixels.
        people: Who was looked at, in the same order.
        image_size, heatmap_size: Columns and rows of what the network sees and gives.
    """
    centers, sides = people.centers.astype(float), people.sides.astype(float)
    return Window.from_center(centers, sides, image_size).to_image(points, heatmap_size)


def evaluate_batches(model, batches, flip: bool = False):
    """The errors and the offset of what `look` finds."""
    found = predict_people(model, batches, flip)
    return found.errors, found.offset
