"""Processes that train one network together, on one computer or many. On JAX alone."""

import keras
import numpy as np

from keras_hourglass.training.devices import listed

WORKING = (
    "Several devices train together with KERAS_BACKEND=tensorflow, in one process, and "
    "with KERAS_BACKEND=jax, in one or several."
)
GONE = "Gloo", "NCCL", "coordination service"  # what JAX's errors name then


class Broken(RuntimeError):
    """Training together has ended before its time: another process is gone."""


def place() -> tuple[int, int]:
    """Which process this is, from 0, and how many there are."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def devices() -> list[list[str]]:
    """Those of each process, by the names that Keras has for them."""
    if keras.backend.backend() != "jax":
        return [listed()]
    import jax

    of = [[] for _ in range(jax.process_count())]
    for device in jax.devices():
        of[device.process_index].append(f"{device.platform}:{device.id}")
    return of


def gathered(*numbers: int) -> np.ndarray:
    """`(processes, numbers)`: what each process said. All must take part."""
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(np.array(numbers))


def broke(error: BaseException) -> bool:
    """Whether an error is that of a process whose companions are gone."""
    return place()[1] > 1 and any(name in str(error) for name in GONE)
