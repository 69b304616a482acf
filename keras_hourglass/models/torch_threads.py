"""Threads of PyTorch on CPUs: one core is left to the threads that make batches.

PyTorch divides each operation among as many threads as there are cores, and they wait
for one another by spinning. If one of them has to wait for a core, on which a batch is
made say, all others burn theirs meanwhile: a step takes many times as long.
"""

import os
from contextlib import contextmanager

import keras

from keras_hourglass.utils.cores import visible_cores

# By which users choose the number themselves, as by `torch.set_num_threads`.
CHOSEN_BY = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def spared_core():
    """Leaves a core free of PyTorch's threads in a block, or in a decorated function.

    Nothing changes on other backends, on GPUs, or if the user has chosen a number of
    threads. Afterwards, the number is what it was.
    """
    threads = _default_threads()
    if threads is None or threads < 2:
        yield
        return
    import torch

    torch.set_num_threads(threads - 1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _default_threads() -> int | None:
    """Returns the number of PyTorch's threads; None unless it is the default one."""
    if keras.backend.backend() != "torch" or any(map(os.environ.get, CHOSEN_BY)):
        return None
    import torch

    if torch.cuda.is_available():
        return None
    threads = torch.get_num_threads()
    return threads if threads == visible_cores() else None
