"""Where a `PoseEstimator` spends its time: reading, network, decoding."""

import time

import keras
import numpy as np

from keras_hourglass.heatmaps import decode
from keras_hourglass.predict.estimator import PoseEstimator
from keras_hourglass.predict.sights import Looking


class Decoding(keras.Model):
    """Decoding alone, compiled as it is behind a network."""

    def __init__(self, decoder: str):
        super().__init__()
        self.decoder = decoder

    def build(self, input_shape):
        """Nothing: there are no weights."""

    def call(self, heatmaps):
        return decode(heatmaps, decoder=self.decoder)


def measure(estimator: PoseEstimator, pictures, rounds: int = 3) -> dict:
    """Times of one person of each picture, looked for without a box.

    What is measured is alternated, so that other work on the machine slows all of it.

    Args:
        estimator: Whose time it is.
        pictures: Of equal cost; a list, whose length is best a multiple of the batch.
        rounds: Of everything, after a first that is not timed.

    Returns:
        "people_per_second" from files to joints; "share_of_network": seconds that the
        network takes alone for as many batches, of the whole; "milliseconds" of a
        person: of the "whole", and of its parts each alone, "read and first window"
        (in one thread, as others are at work beside the network), "network", "decode".
    """
    model, size = estimator.model, estimator.batch_size
    looking = Looking(model.image_size[::-1], estimator.scales)
    # Each person is seen at every scale, and mirrored.
    views = len(estimator.scales) * (1 + estimator.flip)
    images = np.zeros((size * views, *model.image_size, 3), "uint8")
    heatmaps = model.predict_on_batch(images)[:size, -1]
    decoding = Decoding(estimator.decoder)
    batches = estimator.looks * -(-len(pictures) // size)

    def read():
        for numbered in enumerate(pictures):
            looking.first((numbered[0], (numbered[1], None)))

    parts = {
        "whole": lambda: estimator(pictures),
        "read and first window": read,
        "network": lambda: [model.predict_on_batch(images) for _ in range(batches)],
        "decode": lambda: [decoding.predict_on_batch(heatmaps) for _ in range(batches)],
    }
    taken = dict.fromkeys(parts, 0.0)
    for count in range(rounds + 1):
        for name, part in parts.items():
            started = time.perf_counter()
            part()
            taken[name] += (time.perf_counter() - started) * (count > 0)
    people = rounds * len(pictures)
    return {
        "people_per_second": people / taken["whole"],
        "share_of_network": taken["network"] / taken["whole"],
        "milliseconds": {name: 1000 * t / people for name, t in taken.items()},
    }
