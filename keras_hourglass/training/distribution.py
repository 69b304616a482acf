"""What one process does by itself, while others train with it.

What the computer trains on.

Processes that train one network together, on one computer or many. On JAX alone.

Several devices that train one network, each on its part of every batch.
"""

import platform
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_hourglass.data.sharding import WHOLE_BATCH, Shard


@contextmanager
def single_device():
    """While it lasts, variables are made on one device of this process.

    Over all devices of all processes, JAX would wait for the others to make the same.
    Keras also makes some where one would not look for it: to save an optimizer.
    """
    together = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(together)


def list_devices() -> list[str]:
    """What Keras's backend can run on, as `gpu:0`: CPUs only if there is no other."""
    if keras.backend.backend() == "torch":  # which Keras does not ask
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return keras.distribution.list_devices()


def has_accelerator() -> bool:
    """Whether there is anything but CPUs for Keras's backend."""
    return any(not name.startswith("cpu") for name in list_devices())


def device_name() -> str:
    """The model of the device that Keras's backend runs on."""
    if not has_accelerator():
        return _processor()
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name()
    import tensorflow as tf

    gpu = tf.config.list_physical_devices("GPU")[0]
    return tf.config.experimental.get_device_details(gpu)["device_name"]


def _processor():
    """Of Linux, the model's name; elsewhere what Python knows of it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor() or platform.machine()


SUPPORTED = (
    "Several devices train together with KERAS_BACKEND=tensorflow, in one process, and "
    "with KERAS_BACKEND=jax, in one or several."
)
HEARTBEAT_TIMEOUT = (
    30  # seconds without a sign of life, after which JAX gives up a process
)
SHUTDOWN_TIMEOUT = 10  # seconds that a process waits for the others when it ends
LOST_PROCESS_MESSAGES = (
    "Gloo",
    "NCCL",
    "coordination service",
)  # what JAX's errors name then


class ProcessLostError(RuntimeError):
    """Training together has ended before its time: another process is gone."""

    def __init__(self):
        super().__init__(
            "Training together has broken off, most likely since another process has "
            "ended: look at what that one said. Started again, all of them go on after "
            "what was kept"
        )


def join_processes(coordinator: str | None, processes: int | None, process: int | None):
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
            f"{SUPPORTED} Received: {received}"
        )
    import jax

    # What `keras.distribution.initialize` calls, which leaves all times as they are:
    # a process that died would be missed after 100 seconds. It sets a seed besides,
    # and so does every run.
    jax.distributed.initialize(
        *(coordinator.split(",")[0], processes, process),
        heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT,
        shutdown_timeout_seconds=SHUTDOWN_TIMEOUT,
    )


def process_index() -> tuple[int, int]:
    """Which process this is, from 0, and how many there are."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def devices_by_process() -> list[list[str]]:
    """Those of each process, by the names that Keras has for them."""
    if keras.backend.backend() != "jax":
        return [list_devices()]
    import jax

    of = [[] for _ in range(jax.process_count())]
    for device in jax.devices():
        of[device.process_index].append(f"{device.platform}:{device.id}")
    return of


def all_gather(*numbers: int) -> np.ndarray:
    """`(processes, numbers)`: what each process said. All must take part."""
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(np.array(numbers))


def is_process_lost(error: BaseException) -> bool:
    """Whether an error is that of a process whose companions are gone."""
    return process_index()[1] > 1 and any(
        name in str(error) for name in LOST_PROCESS_MESSAGES
    )


@dataclass(frozen=True)
class Distribution:
    """The devices of a run; by default the one that Keras's backend takes.

    Attributes:
        share: What this process reads of each batch, and how many devices there are.
        strategy: TensorFlow's `MirroredStrategy`, where there is one.
    """

    share: Shard = WHOLE_BATCH
    strategy: object = None

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes, and speaks."""
        return self.share.process == 0

    def scope(self):
        """While it lasts, networks are made, and compiled, for all devices."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def check(self, batch_size: int):
        """
        Raises:
            ValueError: If batches cannot be divided among the devices.
        """
        count = self.share.devices
        if batch_size % count:
            raise ValueError(
                f"`batch_size` must be a multiple of {count}, the number of devices. "
                f"Received: batch_size={batch_size}"
            )

    def unite(self, model):
        """Makes batch norms of all devices use the moments of the whole batch.

        Then a run does not depend on how many there are. JAX does so by itself.
        """
        for layer in model._flatten_layers() if self.strategy else ():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.share.processes == 1

    def any(self, true: bool) -> bool:
        """Whether something is true of any process. All must ask, and wait so long."""
        return true if self.alone else bool(all_gather(true).any())

    def sum(self, number: int) -> int:
        """Of a number of each process. All must ask, and wait so long."""
        return number if self.alone else int(all_gather(number).sum())

    def same(self, *numbers: int) -> bool:
        """Whether all processes have the same numbers."""
        return self.alone or not np.ptp(all_gather(*numbers), axis=0).any()

    def wait(self):
        """Until all processes are here."""
        self.any(False)


def use_devices(wanted: int | str = 1) -> Distribution:
    """Takes devices of this process, and as many of each that it has joined.

    On JAX, Keras lays all networks that are made from now on over them.

    Args:
        wanted: How many, or "all": GPUs if there are any, else CPUs.

    Raises:
        ValueError: If there are fewer, or the backend cannot train on several.
    """
    of = devices_by_process()
    there = min(map(len, of))
    count = there if wanted == "all" else wanted
    if not 1 <= count <= there:
        raise ValueError(
            f"`devices` must be 'all' or 1 to {there}, for so many there are. "
            f"Received: devices={wanted}"
        )
    names = [name for theirs in of for name in theirs[:count]]
    if len(names) == 1:
        return Distribution()
    backend, share = keras.backend.backend(), Shard(*process_index(), len(names))
    if backend == "jax":
        # What is read are shares already.
        whole = keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)
        keras.distribution.set_distribution(whole)
        return Distribution(share)
    if backend == "tensorflow":
        import tensorflow as tf

        names = [name.upper() for name in names]
        return Distribution(share, tf.distribute.MirroredStrategy(names))
    raise ValueError(
        f"`devices` must be 1 with the backend {backend!r}: Keras cannot train on "
        f"several there. {SUPPORTED} Received: devices={wanted}"
    )
