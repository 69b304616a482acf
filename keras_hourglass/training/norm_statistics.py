"""Statistics of batch norms, computed anew for the averaged weights.

Moving statistics are of the last steps alone, and of the weights of these steps. With
the moving average of the weights they fit badly, and a network scores less than it
could. Wu, Johnson. Rethinking "Batch" in BatchNorm, 2021, section 3.
https://arxiv.org/abs/2105.07576
"""

import keras
import numpy as np
from keras import ops

from keras_hourglass.data.pipeline.batch_maker import BatchMaker
from keras_hourglass.inference.batching import prefetch
from keras_hourglass.models.trunk.layer_utils import sublayers
from keras_hourglass.models.trunk.precision import precision_scope
from keras_hourglass.training.distribution import single_device
from keras_hourglass.utils.cores import core_count

BATCHES = 50  # whose moments are averaged
MIN_BATCHES = 20  # as many steps as moving statistics are of: with fewer, these stay
MAX_SHARE = 1 / 8  # of an epoch's batches


class NormStatistics:
    """Computes the statistics of a network's norms from batches of an epoch.

    On one device, and from whole batches, so that processes that train together
    compute the same. Statistics of frozen norms stay as they are.

    Args:
        loader: Makes samples, with the augmentation of the training.
        sampler: Order of people.
    """

    def __init__(self, loader, sampler):
        self.make_batch = BatchMaker(loader, sampler.batch_size, sampler)
        self.steps = sampler.steps
        self.count = min(BATCHES, int(self.steps * MAX_SHARE))
        self._moments = None

    def compute(self, network, epoch: int, is_trained) -> list[np.ndarray] | None:
        """Computes statistics in the order of `statistics_of`.

        Args:
            network: The network, which is not changed.
            epoch: Whose first batches are taken.
            is_trained: For each norm, whether it is trained.

        Returns:
            Their values; None where epochs are too short.
        """
        if self.count < MIN_BATCHES:
            return None
        first = epoch * self.steps
        numbers = range(first, first + self.count)
        batches = prefetch(self.make_batch, numbers, core_count())
        with single_device(), precision_scope("float32"):
            if self._moments is None:
                self._moments = BatchMoments(network, is_trained)
            return self._moments.average(network.get_weights(), batches)


class BatchMoments(keras.Model):
    """A copy of a network whose statistics are the moments of the last batch."""

    def __init__(self, network, is_trained):
        super().__init__()
        self.network = type(network).from_config(network.get_config())
        for norm, trained in zip(norms_of(self.network), is_trained):
            norm.momentum, norm.trainable = 0.0, trained

    def average(self, weights, batches) -> list[np.ndarray]:
        """Averages the moments of batches."""
        self.network.set_weights(weights)
        totals, count = [0.0] * len(statistics_of(self.network)), 0
        for images, _ in batches:
            self.predict_on_batch(images)
            values = map(ops.convert_to_numpy, statistics_of(self.network))
            totals = [a + b.astype("float64") for a, b in zip(totals, values)]
            count += 1
        return [np.float32(total / count) for total in totals]

    def call(self, images):
        return self.network(images, training=True)[:, :, :1, :1]  # less to copy


def norms_of(model) -> list:
    """Lists the batch norms of a model, at any depth."""
    norm = keras.layers.BatchNormalization
    return [layer for layer in sublayers(model) if isinstance(layer, norm)]


def statistics_of(model) -> list:
    """Lists the variables of the statistics of a model's norms."""
    norms = norms_of(model)
    return [v for norm in norms for v in (norm.moving_mean, norm.moving_variance)]
