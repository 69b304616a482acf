"""The loader as a Keras dataset, where TensorFlow is not installed."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import keras

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.data.sharding import WHOLE_BATCH, Shard

AHEAD = 8  # batches that are made before they are asked for


class PeopleDataset(keras.utils.PyDataset):
    """Batches of people; the same ones as `pipeline.py` gives.

    Args:
        loader: What makes samples.
        batch_size: People of a batch.
        stream: Who comes when, for training; without one everybody comes once, in
            order.
        first_batch: Where to go on, counted from the stream's beginning. Within an
            epoch, too: the epochs of `fit` then are as long, and begin there.
        share: What this process reads of each batch.

    Attributes:
        waited: How many seconds it has kept others waiting for batches so far.
    """

    def __init__(
        self,
        loader: Loader,
        batch_size: int,
        stream: EpochSampler | None = None,
        first_batch: int = 0,
        share: Shard = WHOLE_BATCH,
    ):
        # Without Keras's own threads: it looks at a first batch for its shapes, and
        # what they have read by then comes again in the epoch, in place of its end.
        super().__init__(workers=1)
        self.loader, self.batch_size, self.stream = loader, batch_size, stream
        self.first, self._begun = first_batch, False
        self.share = share
        self.waited = 0.0
        self._threads, self._made = ThreadPoolExecutor(os.cpu_count()), {}

    @property
    def num_batches(self):
        if self.stream is not None:
            return self.stream.steps
        return -(-len(self.loader) // self.batch_size)

    def __getitem__(self, batch):
        if self.stream is None:
            last = self.num_batches
        else:
            batch += self.first
            last = float("inf")
        self._made = {
            ahead: self._made.get(ahead) or self._threads.submit(self._make, ahead)
            for ahead in range(batch, batch + AHEAD)
            if ahead < last
        }
        asked = time.perf_counter()
        made = self._made.pop(batch).result()
        self.waited += time.perf_counter() - asked
        return made

    def on_epoch_end(self):
        # Before its first epoch, `fit` ends one of which it only wanted the shapes.
        if self._begun and self.stream is not None:
            self.first += self.num_batches
        self._begun = True

    def _make(self, batch):
        """A batch of the stream, counted from its beginning, or of everybody."""
        if self.stream is not None:
            places = self.stream.batch(batch)
        else:
            rows = range(batch * self.batch_size, (batch + 1) * self.batch_size)
            places = [(0, row) for row in rows if row < len(self.loader)]
        return self.loader.load_batch(self.share.of(places))
