"""Processes that train one network together, on one computer or many. On JAX alone."""

import keras
import numpy as np

from keras_hourglass.training.devices import listed

WORKING = (
    "Several devices train together with KERAS_BACKEND=tensorflow, in one process, and "
    "with KERAS_BACKEND=jax, in one or several."
)
ALIVE = 30  # seconds without a sign of life, after which JAX gives up a process
LEAVING = 10  # seconds that a process waits for the others when it ends
GONE = "Gloo", "NCCL", "coordination service"  # what JAX's errors name then


class Broken(RuntimeError):
    """Training together has ended before its time: another process is gone."""

    def __init__(self):
        super().__init__(
            "Training together has broken off, most likely since another process has "
            "ended: look at what that one said. Started again, all of them go on after "
            "what was kept"
        )


def join(coordinator: str | None, processes: int | None, process: int | None):
    """Makes this process one of several; before Keras's backend is used at all.

    Args:
        coordinator: `HOST:PORT` of the first process, where the others find it. Of
            several, joined by commas, the first counts.
        processes: How many there are.
        process: Which one this is, from 0.

    Raises:
        ValueError: If something of it is missing, or on another backend than JAX.
    """
    received = f"{coordinator=}, {processes=}, {process=}"
    if None in (coordinator, processes, process) or not 0 <= process < processes:
        raise ValueError(
            "`coordinator`, `processes` and `process` must be given together, the "
            f"last below the one before it. Received: {received}"
        )
    if keras.backend.backend() != "jax":
        raise ValueError(
            "`processes` must not be given with the backend "
            f"{keras.backend.backend()!r}: Keras cannot `fit` over several there. "
            f"{WORKING} Received: {received}"
        )
    import jax

    # What `keras.distribution.initialize` calls, which leaves all times as they are:
    # a process that died would be missed after 100 seconds. It sets a seed besides,
    # and so does every run.
    jax.distributed.initialize(
        *(coordinator.split(",")[0], processes, process),
        heartbeat_timeout_seconds=ALIVE,
        shutdown_timeout_seconds=LEAVING,
    )


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
