"""LiteRT files, in LiteRT (once TensorFlow Lite)."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from keras_hourglass.inference.runtimes.base import Runtime, damaged
from keras_hourglass.utils import silence
from keras_hourglass.utils.cores import core_count

MAX_INTERPRETERS = 8  # of 35 MB each, for `photo`


class LiteRT(Runtime):
    """LiteRT's own interpreter if it is installed, else the one in TensorFlow.

    A file has a fixed batch size, most often 1. Several batches are run at once, by
    interpreters of one thread each (with more than 16 cores, of several), which share
    the cores better than the threads of one interpreter do; a single one by an
    interpreter of all threads. Threads may share a network.
    """

    suffix = ".tflite"
    packages = ("ai_edge_litert", "tensorflow")
    install = "'.[litert]'"

    def __init__(self, path, threads: int | None = None):
        self._path, self._threads = str(path), threads or core_count()
        self._load()

    def _load(self):
        self._interpreters, self._pool, self._lock = [], None, Lock()
        self._alone = _Interpreter(self._path, self._threads)
        self._process = os.getpid()

    def __call__(self, crops) -> dict:
        if os.getpid() != self._process:  # a fork, which has none of the threads
            self._load()
        size = self._alone.batch_size
        padding = np.zeros((-len(crops) % size, *crops.shape[1:]), crops.dtype)
        padded = np.concatenate([crops, padding]) if len(padding) else crops
        batches = padded.reshape(-1, size, *crops.shape[1:])
        results = self._run(batches)
        return {
            name: np.concatenate([each[name] for each in results])[: len(crops)]
            for name in self._alone.outputs
        }

    def _run(self, batches):
        count = min(len(batches), self._threads, MAX_INTERPRETERS)
        if count < 2:
            return [self._alone(batch) for batch in batches]
        with self._lock:
            while len(self._interpreters) < count:
                threads = max(1, self._threads // MAX_INTERPRETERS)
                self._interpreters.append(_Interpreter(self._path, threads))
            if self._pool is None:
                self._pool = ThreadPoolExecutor(MAX_INTERPRETERS)
        shares = [
            self._pool.submit(list, map(interpreter, batches[index::count]))
            for index, interpreter in enumerate(self._interpreters[:count])
        ]
        shares = [share.result() for share in shares]
        return [shares[n % count][n // count] for n in range(len(batches))]


class _Interpreter:
    """An interpreter of a file, and the names of its inputs and outputs.

    Attributes:
        batch_size: People at once.
        outputs: Name -> index of the tensor.
    """

    def __init__(self, path, threads):
        # It runs one batch at a time, also where a call was interrupted, by Ctrl-C
        # say, and its other batches are still run by the threads of the pool.
        self._lock = Lock()
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ModuleNotFoundError:
            import tensorflow

            # `from tensorflow.lite` fails once a module of that package was imported.
            Interpreter = tensorflow.lite.Interpreter
        try:
            with silence(2):  # which says that it is made
                self._interpreter = Interpreter(path, num_threads=threads)
                self._interpreter.allocate_tensors()
            (signature,) = self._interpreter.get_signature_list()
            runner = self._interpreter.get_signature_runner(signature)
        except (ValueError, RuntimeError) as error:
            raise damaged(path, error) from error
        details = runner.get_input_details()["crops"]
        self._input, self.batch_size = details["index"], details["shape"][0]
        self.outputs = {
            name: each["index"] for name, each in runner.get_output_details().items()
        }

    def __call__(self, crops) -> dict:
        with self._lock:
            self._interpreter.set_tensor(self._input, crops)
            self._interpreter.invoke()
            return {
                name: self._interpreter.get_tensor(index)
                for name, index in self.outputs.items()
            }
