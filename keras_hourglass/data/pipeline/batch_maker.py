"""Batch maker: a batch by its number, in any thread or process.

Without Keras, so that a process that makes batches imports no backend.
"""

import multiprocessing
import os
import pickle
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard

if TYPE_CHECKING:
    from keras_hourglass.data.pipeline.loader import Loader
    from keras_hourglass.data.pipeline.sampler import EpochSampler

# Of libraries under NumPy and SciPy, which start as many threads as there are cores
# when they are imported.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class BatchMaker:
    """Makes batches by number: a pure function, the same in every process.

    Attributes:
        loader: Makes samples.
        batch_size: People of a batch.
        sampler: Order of people, whose batches are counted on and on; None for all
            people once, in the order of the rows.
        shard: Part of each batch that this process reads.
    """

    loader: "Loader"
    batch_size: int
    sampler: "EpochSampler | None" = None
    shard: Shard = WHOLE_BATCH

    def __len__(self):
        if self.sampler is not None:
            return self.sampler.steps
        return -(-len(self.loader) // self.batch_size)

    def __call__(self, number: int):
        """Makes the images and the labels of a batch."""
        if self.sampler is not None:
            places = self.sampler.batch(number)
        else:
            rows = range(number * self.batch_size, (number + 1) * self.batch_size)
            places = [(0, row) for row in rows if row < len(self.loader)]
        return self.loader.load_batch(self.shard.select(places))

    def save(self) -> str:
        """Saves the batch maker for processes.

        In a file, not among the arguments of a process: those go through a pipe of a
        few kilobytes, where the writer waits forever for a process that ends before it
        reads them, such as one that runs a script without a guard of its main part.

        Returns:
            The path of a temporary file.
        """
        number, path = tempfile.mkstemp(".pickle", "batch_maker_")
        with open(number, "wb") as file:
            pickle.dump(self, file)
        return path


def remove_saved(path: str, process: int):
    """Removes a file of `BatchMaker.save`, unless this is a fork of `process`."""
    if os.getpid() == process:
        with suppress(OSError):
            os.remove(path)


class Worker:
    """The batch maker of this process, where it is one that only makes batches."""

    maker: BatchMaker

    @classmethod
    def start(cls, path: str):
        """Prepares the process, before anything is imported that starts threads.

        Args:
            path: File of `BatchMaker.save`.
        """
        for name in THREAD_VARIABLES:
            os.environ.setdefault(name, "1")
        # Ctrl-C reaches it, too: the process that takes the batches ends it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        Thread(target=cls._end_with_parent, args=(path,), daemon=True).start()
        # Absent once the dataset is gone: then no batch is taken any more.
        with suppress(FileNotFoundError), open(path, "rb") as file:
            cls.maker = pickle.load(file)

    @staticmethod
    def _end_with_parent(path):
        """Ends this process after a kill of its parent, which cannot end it itself."""
        multiprocessing.parent_process().join()
        remove_saved(path, os.getpid())
        os._exit(1)

    @classmethod
    def make(cls, number: int):
        """Makes a batch.

        Returns:
            The batch, or the error of an image that cannot be read; and what was added
            to the loader's `failures`.
        """
        from keras_hourglass.data.images.safety import ImageDecodeError

        failures = cls.maker.loader.failures
        failures.clear()
        try:
            return cls.maker(number), failures
        except ImageDecodeError as error:
            return error, failures
