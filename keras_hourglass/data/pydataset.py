"""Keras dataset of people, for every backend and without TensorFlow."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import keras

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.data.sharding import WHOLE_BATCH, Shard

AHEAD = 8  # batches that are made before they are requested


class PeopleDataset(keras.utils.PyDataset):
    """Batches of people; the same ones as those of `tf_data`.

    Its next epoch begins once all batches of one were taken, in `fit` or in a `for`
    loop: the batches that Keras takes before training, for their shapes, do not count.
    Within `fit`, batches come in the sampler's order, also with `shuffle=True`, by
    which Keras would take them in another one.

    Args:
        loader: Makes samples.
        batch_size: People of a batch.
        sampler: Order of people in each epoch; by default, the order of the rows, the
            same in every epoch.
        first_batch: Batch to begin with, counted from the sampler's first. Within an
            epoch, too: the epochs of `fit` then are as long, and begin there.
        shard: Part of each batch that this process reads.

    Attributes:
        waited: Seconds for which steps have waited for batches.
    """

    def __init__(
        self,
        loader: Loader,
        batch_size: int,
        sampler: EpochSampler | None = None,
        first_batch: int = 0,
        shard: Shard = WHOLE_BATCH,
    ):
        # Without Keras's own threads: what they have read ahead when Keras has taken
        # its first batch would come again in the epoch, in place of its end.
        super().__init__(workers=1)
        self.loader, self.batch_size, self.sampler = loader, batch_size, sampler
        self.first_batch, self.shard, self.waited = first_batch, shard, 0.0
        # Keras ends an epoch before the first one, in which it may have taken batches.
        self._fitting = self._in_epoch = self._complete = False
        self._position = 0  # batches taken from the current iterator
        self._start()

    def __getstate__(self):
        return {n: v for n, v in vars(self).items() if n not in ("_threads", "_made")}

    def __setstate__(self, state):
        vars(self).update(state)
        self._start()

    def __len__(self):
        if self.sampler is not None:
            return self.sampler.steps
        return -(-len(self.loader) // self.batch_size)

    @property
    def num_batches(self):
        self._position = 0  # Keras asks for it whenever it begins to iterate
        return len(self)

    def __getitem__(self, batch):
        if self._in_epoch:
            batch = self._position % len(self)
            self._position += 1
            self._complete |= batch == len(self) - 1
        return self._take(batch)

    def _take(self, batch):
        if self.sampler is None:
            last = len(self)
        else:
            batch += self.first_batch
            last = float("inf")
        self._made = {
            ahead: self._made.get(ahead) or self._threads.submit(self._make, ahead)
            for ahead in range(batch, batch + AHEAD)
            if ahead < last
        }
        requested = time.perf_counter()
        made = self._made.pop(batch).result()
        self.waited += time.perf_counter() - requested
        return made

    def __iter__(self):
        for batch in range(len(self)):
            yield self._take(batch)
        self._next_epoch()

    def on_epoch_begin(self):
        self._in_epoch, self._complete = True, False

    def on_epoch_end(self):
        if self._complete and self._fitting:
            self._next_epoch()
        self._fitting, self._in_epoch, self._complete = True, False, False

    def _next_epoch(self):
        if self.sampler is not None:
            self.first_batch += len(self)

    def _start(self):
        self._threads, self._made = ThreadPoolExecutor(os.cpu_count()), {}

    def _make(self, batch):
        """Makes a batch, counted from the sampler's first, or of all people."""
        if self.sampler is not None:
            places = self.sampler.batch(batch)
        else:
            rows = range(batch * self.batch_size, (batch + 1) * self.batch_size)
            places = [(0, row) for row in rows if row < len(self.loader)]
        return self.loader.load_batch(self.shard.select(places))
