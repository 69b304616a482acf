"""Keras dataset of people, for every backend and without TensorFlow."""

import multiprocessing
import os
import time
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import keras

from keras_hourglass.data.pipeline.batch_maker import BatchMaker, Worker, remove_saved
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard
from keras_hourglass.utils import interrupts_blocked
from keras_hourglass.utils.cores import core_count

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
        workers: Threads or processes that make batches; by default, a thread for each
            core.
        use_multiprocessing: Whether they are processes, which live as long as the
            dataset. Both may also be set later. Keras, which would start workers of
            its own, reads 1 and False.

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
        workers: int | None = None,
        use_multiprocessing: bool = False,
    ):
        super().__init__()
        self._maker = BatchMaker(loader, batch_size, sampler, shard)
        self.first_batch, self.waited = first_batch, 0.0
        self._workers, self._use_multiprocessing = workers, use_multiprocessing
        # Keras ends an epoch before the first one, in which it may have taken batches.
        self._fitting = self._in_epoch = self._complete = False
        self._position = 0  # batches taken from the current iterator
        self._start()

    def __getstate__(self):
        left_out = "_pool", "_made", "_process"
        return {name: v for name, v in vars(self).items() if name not in left_out}

    def __setstate__(self, state):
        vars(self).update(state)
        self._start()

    def __len__(self):
        return len(self._maker)

    @property
    def loader(self) -> Loader:
        """Makes the samples."""
        return self._maker.loader

    @property
    def num_batches(self):
        self._position = 0  # Keras asks for it whenever it begins to iterate
        return len(self)

    # Without Keras's own workers: what they have read ahead when Keras has taken its
    # first batch would come again in the epoch, in place of its end.
    @property
    def workers(self):
        return 1

    @workers.setter
    def workers(self, value):
        self._workers = value
        self._start()

    @property
    def use_multiprocessing(self):
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value):
        self._use_multiprocessing = value
        self._start()

    def __getitem__(self, batch):
        if self._in_epoch:
            batch = self._position % len(self)
            self._position += 1
            self._complete |= batch == len(self) - 1
        return self._take(batch)

    def _take(self, batch):
        if self._process != os.getpid():  # forked: threads stay behind
            self._start()
        last = float("inf") if self._maker.sampler is not None else len(self)
        batch += self.first_batch
        try:
            self._made = {
                ahead: self._made.get(ahead) or self._submit(ahead)
                for ahead in range(batch, batch + max(AHEAD, self._pool_size + 1))
                if ahead < last
            }
            requested = time.perf_counter()
            made = self._result(self._made.pop(batch))
        except BrokenProcessPool as error:
            self._start()
            raise RuntimeError(
                "A process that makes batches has ended. Scripts start such processes "
                "below `if __name__ == '__main__':`, since each runs the script's "
                "other lines; they may also be out of memory: set fewer `workers`"
            ) from error
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
        if self._maker.sampler is not None:
            self.first_batch += len(self)

    def _start(self):
        """Starts anew, without the batches that were made ahead."""
        self._process, self._made = os.getpid(), {}
        default = 1 if self._use_multiprocessing else core_count()
        self._pool_size = self._workers or default
        if not self._use_multiprocessing:
            self._pool = ThreadPoolExecutor(self._pool_size)
            return
        # Spawned: a fork would stop the threads of the backend in the middle of
        # anything.
        path = self._maker.save()
        self._pool = ProcessPoolExecutor(
            self._pool_size,
            multiprocessing.get_context("spawn"),
            Worker.start,
            (path,),
        )
        weakref.finalize(self._pool, remove_saved, path, os.getpid())

    def _submit(self, batch):
        if self._use_multiprocessing:
            # The first ones start the processes, which are to be spared from Ctrl-C
            # before they can ignore it.
            with interrupts_blocked():
                return self._pool.submit(Worker.make, batch)
        return self._pool.submit(self._maker, batch)

    def _result(self, future):
        """Returns a batch once it is made, and notes what a process notes of it."""
        if not self._use_multiprocessing:
            return future.result()
        made, failures = future.result()
        self.loader.failures.update(failures)
        if isinstance(made, Exception):
            raise made
        return made
