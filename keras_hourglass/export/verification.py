"""Verification of exported files: their keypoints against the network's own.

Compared are the joints that the network is sure of. One whose heatmap has two peaks of
about the same height is not: rounding decides which of them it is.
"""

import logging
from typing import NamedTuple

import numpy as np

from keras_hourglass.export.graph import crop_window
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.heatmaps.decode import decode

logger = logging.getLogger(__name__)
SURE_SCORE = 0.3  # that a joint has at least, of which the network is sure
SECOND_PEAK = 0.8  # of the first peak's height, which a second one stays below
PEAK_RADIUS = 0.06  # of the window: what is further from a peak is another one
MIN_RADIUS = 1.5  # heatmap pixels, of small networks
MOVED = 0.02  # of the window: a keypoint that is further off has moved
BATCH_SIZE = 8


class ExportError(NamedTuple):
    """Distances of a file's keypoints from the network's own, of joints that are sure.

    For a person detector, those of boxes.

    Attributes:
        moved: The share of them that have moved by more than 2 % of the window.
        median: In pixels of the crops, as are the others.
        mean: Of all of them.
        max: The largest.
    """

    moved: float
    median: float
    mean: float
    max: float

    def __str__(self):
        return (
            f"{100 * self.moved:.2f} % moved by more than {100 * MOVED:g} % of the "
            f"window and a median of {self.median:.3f} px"
        )


class ErrorLimit(NamedTuple):
    """The largest error that a file may have.

    Attributes:
        moved: Share of the keypoints.
        median: In pixels, at 256 pixels for the longer edge of the window.
    """

    moved: float
    median: float

    def __str__(self):
        return f"{100 * self.moved:g} %, {self.median:g} px"

    def scaled(self, tolerance: float, size: tuple[int, int]) -> "ErrorLimit":
        """The limit of a network of `size` pixels, times a tolerance."""
        median = self.median * tolerance * max(size) / REFERENCE_SIZE
        return ErrorLimit(self.moved * tolerance, round(median, 4))


REFERENCE_SIZE = 256
LIMITS = {  # precision -> limit
    "float32": ErrorLimit(0.001, 0.01),
    "float16": ErrorLimit(0.01, 0.05),
    "int8": ErrorLimit(0.05, 0.6),
}


class Reference:
    """The keypoints of a network, that those of exported files are compared with.

    Args:
        model: A `StackedHourglass`.
        crops: `(people, height, width, 3)`, uint8.
        decoder: One of `heatmaps.DECODER_NAMES`.

    Attributes:
        decoder: As given.
        keypoints: `(people, joints, 2)`, in pixels of the crops.
        sure: `(people, joints)`, bool: of which joints the network is sure.
        limits: Precision -> limit of an exported file.
    """

    places = "Keypoints"
    limits = LIMITS

    def __init__(self, model, crops, decoder: str = DEFAULT_DECODER):
        starts = range(0, len(crops), BATCH_SIZE)
        batches = [crops[start : start + BATCH_SIZE] for start in starts]
        heatmaps = [model.predict_on_batch(batch)[:, -1] for batch in batches]
        heatmaps = np.concatenate(heatmaps).astype("float32")
        points, scores = map(np.asarray, decode(heatmaps, model.offset, decoder))
        self.crops, self.window = crops, max(model.image_size)
        self.decoder = decoder
        self.keypoints = crop_window(model).to_image(points, model.heatmap_size)
        self.sure = (scores >= SURE_SCORE) & (second_peaks(heatmaps) < SECOND_PEAK)
        if not self.sure.any():
            logger.warning(
                "No joint has a score of %s or more on these crops: is the network "
                "trained? All joints are compared",
                SURE_SCORE,
            )
            self.sure[:] = True

    def measure(self, run) -> ExportError:
        """Measures the error of an exported file.

        Args:
            run: A function from crops to a dictionary with `keypoints`, as of
                `inference.runtimes.RUNTIMES`.
        """
        keypoints = np.concatenate([run(c[None])["keypoints"] for c in self.crops])
        distances = np.linalg.norm(keypoints - self.keypoints, axis=-1)[self.sure]
        return error_of(distances, self.window)


def error_of(distances, window: int) -> ExportError:
    """Summarizes distances, in pixels, on windows of some pixels."""
    moved = 1 - (distances <= MOVED * window).mean()  # what is NaN has moved
    values = moved, np.median(distances), distances.mean(), distances.max()
    return ExportError(*map(float, values))


def second_peaks(heatmaps) -> np.ndarray:
    """The height of the second peak of each heatmap, as a share of the first.

    Args:
        heatmaps: `(people, height, width, joints)`.

    Returns:
        `(people, joints)`.
    """
    people, height, width, joints = heatmaps.shape
    flat = heatmaps.reshape(people, -1, joints)
    y, x = np.divmod(flat.argmax(1), width)
    rows, columns = np.arange(height), np.arange(width)
    radius = max(MIN_RADIUS, PEAK_RADIUS * max(height, width))
    far = (rows[:, None, None] - y[:, None, None]) ** 2 + (
        columns[:, None] - x[:, None, None]
    ) ** 2 > radius**2
    second = np.where(far, heatmaps, -np.inf).max((1, 2))
    return second / np.maximum(flat.max(1), 1e-6)


def require_close(error: ExportError, limit: ErrorLimit, name: str, reference):
    """Raises a ValueError if an error exceeds its limit, or is NaN.

    Args:
        error: The error of a file.
        limit: The limit of its precision.
        name: The format, for the message.
        reference: The `Reference` that it was measured by, or `BoxReference`.
    """
    if not (error.moved <= limit.moved and error.median <= limit.median):
        raise ValueError(
            f"{reference.places} of {name} must be the network's. Received: {error}, "
            f"on {len(reference.crops)} crops, where the limit is {limit}; `tolerance` "
            "changes it"
        )
