"""Training on several devices, in one process or in several.

On TensorFlow one process trains on several devices by `MirroredStrategy`; on JAX one
process or several, on one computer or many, by `keras.distribution.DataParallel`.
PyTorch trains on one device.
"""

import atexit
import logging
import os
import platform
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard
from keras_hourglass.utils import Interrupted

logger = logging.getLogger(__name__)

SUPPORTED = (
    "Several devices train together with KERAS_BACKEND=tensorflow, in one process, and "
    "with KERAS_BACKEND=jax, in one or several."
)
HEARTBEAT_TIMEOUT = 30  # seconds without a heartbeat until JAX gives up on a process
SHUTDOWN_TIMEOUT = 10  # seconds that a process waits for the others at its exit
LOST_PROCESS_MESSAGES = ("Gloo", "NCCL", "coordination service")  # in JAX's errors


class ProcessLostError(RuntimeError):
    """Raised when another process of a distributed run has ended."""

    def __init__(self):
        super().__init__(
            "Distributed training stopped, most likely since another process has "
            "ended: its own message says why. Started again, all processes go on from "
            "the last checkpoint"
        )

    def __reduce__(self):
        return ProcessLostError, ()


def list_devices() -> list[str]:
    """Lists the devices of Keras's backend, as `gpu:0`; CPUs only without others."""
    if keras.backend.backend() == "torch":  # which Keras does not ask
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return keras.distribution.list_devices()


def has_accelerator() -> bool:
    """Checks if Keras's backend has any device besides CPUs."""
    return any(not name.startswith("cpu") for name in list_devices())


def device_name() -> str:
    """Returns the model of the device that Keras's backend runs on."""
    if not has_accelerator():
        return _processor_name()
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name()
    import tensorflow as tf

    gpu = tf.config.list_physical_devices("GPU")[0]
    return tf.config.experimental.get_device_details(gpu)["device_name"]


def _processor_name():
    """Reads the model's name from Linux; elsewhere the one that Python has."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor() or platform.machine()


@contextmanager
def single_device():
    """Makes variables on one device of this process while it lasts.

    Made over all devices of all processes, JAX would wait for the others to make the
    same. Saving an optimizer makes variables, too.
    """
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def join_processes(coordinator: str | None, processes: int | None, process: int | None):
    """Makes this process one of several. Must come before any use of JAX.

    Args:
        coordinator: `HOST:PORT` of the first process, where the others find it. Of
            several, joined by commas, the first counts.
        processes: Number of processes.
        process: Index of this process, from 0.

    Raises:
        ValueError: If one of them is missing, or on another backend than JAX.
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

    # As `keras.distribution.initialize`, but with short timeouts: by default, a dead
    # process is noticed after 100 seconds.
    if not jax.distributed.is_initialized():  # by an earlier run of this process
        jax.distributed.initialize(
            *(coordinator.split(",")[0], processes, process),
            heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT,
            shutdown_timeout_seconds=SHUTDOWN_TIMEOUT,
        )


def process_index() -> tuple[int, int]:
    """Returns the index of this process, from 0, and the number of processes."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def devices_by_process() -> list[list[str]]:
    """Lists the devices of each process, by Keras's names for them."""
    if keras.backend.backend() != "jax":
        return [list_devices()]
    import jax

    devices = [[] for _ in range(jax.process_count())]
    for device in jax.devices():
        devices[device.process_index].append(f"{device.platform}:{device.id}")
    return devices


def all_gather(*numbers: int) -> np.ndarray:
    """Gathers numbers of all processes: `(processes, numbers)`. All must call it."""
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(np.array(numbers))


def is_process_lost(error: BaseException) -> bool:
    """Checks if an error is that of a process whose peers are gone."""
    return process_index()[1] > 1 and any(
        name in str(error) for name in LOST_PROCESS_MESSAGES
    )


@dataclass(frozen=True)
class Distribution:
    """The devices and processes of a run; by default, one of each.

    Attributes:
        shard: The part of each batch that this process reads.
        strategy: TensorFlow's `MirroredStrategy`, where there is one.
    """

    shard: Shard = WHOLE_BATCH
    strategy: object = None

    @property
    def is_first(self) -> bool:
        """If this process is the one that writes files and messages."""
        return self.shard.process == 0

    @property
    def is_single_process(self) -> bool:
        """If there is no other process."""
        return self.shard.processes == 1

    def scope(self):
        """Makes and compiles models for all devices while it lasts."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def validate_batch_size(self, batch_size: int):
        """Checks that batches can be divided among the devices.

        Raises:
            ValueError: If they cannot.
        """
        count = self.shard.devices
        if batch_size % count:
            raise ValueError(
                f"`batch_size` must be a multiple of {count}, the number of devices. "
                f"Received: batch_size={batch_size}"
            )

    def fit_batch_size(self, batch_size: int, people: int) -> int:
        """Returns the batch size, or the largest one that an epoch can fill.

        Args:
            batch_size: A valid one.
            people: People of an epoch.

        Raises:
            ValueError: If there are fewer people than devices.
        """
        count = self.shard.devices
        if people < count:
            raise ValueError(
                f"`dataset` must have a person to train on for each of {count} "
                f"devices. Received: {people} people in an epoch"
            )
        if people >= batch_size:
            return batch_size
        logger.info(
            "%s people in an epoch, fewer than a batch of %s: batches have %s.",
            *(f"{people:,}", batch_size, people // count * count),
        )
        return people // count * count

    def sync_batch_norm(self, model):
        """Makes batch normalization use the moments of the whole batch.

        Then norms do not depend on the number of devices. JAX does so by itself.
        """
        for layer in model._flatten_layers() if self.strategy else ():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True

    def any(self, value: bool) -> bool:
        """Checks if a value is true in any process. All must call it, and wait."""
        if self.is_single_process:
            return value
        return bool(all_gather(value).any())

    def sum(self, number: int) -> int:
        """Sums a number of each process. All must call it, and wait."""
        return number if self.is_single_process else int(all_gather(number).sum())

    def all_equal(self, *numbers: int) -> bool:
        """Checks that all processes have the same numbers. All must call it."""
        return self.is_single_process or not np.ptp(all_gather(*numbers), axis=0).any()

    def barrier(self):
        """Waits until all processes have come here."""
        self.any(False)


ONE_DEVICE = Distribution()


def use_devices(devices: int | str = 1) -> Distribution:
    """Takes devices of this process, and as many of each process that it has joined.

    On JAX, Keras lays all models that are made from now on over them.

    Args:
        devices: Number of devices, or "all": GPUs if there are any, else CPUs.

    Raises:
        ValueError: If there are fewer, or the backend cannot train on several.
    """
    available = devices_by_process()
    most = min(map(len, available))
    count = most if devices == "all" else devices
    if not 1 <= count <= most:
        raise ValueError(
            f"`devices` must be 'all' or 1 to {most}, the number of devices here. "
            f"Received: devices={devices}"
        )
    names = [name for each in available for name in each[:count]]
    if len(names) == 1:
        return ONE_DEVICE
    backend, shard = keras.backend.backend(), Shard(*process_index(), len(names))
    if backend == "jax":
        # What is read is sharded already.
        parallel = keras.distribution.DataParallel(
            devices=names, auto_shard_dataset=False
        )
        keras.distribution.set_distribution(parallel)
        return Distribution(shard)
    if backend == "tensorflow":
        import tensorflow as tf

        names = [name.upper() for name in names]
        return Distribution(shard, tf.distribute.MirroredStrategy(names))
    raise ValueError(
        f"`devices` must be 1 with the backend {backend!r}: Keras cannot train on "
        f"several there. {SUPPORTED} Received: devices={devices}"
    )


@contextmanager
def distribute(
    devices: int | str = 1,
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
):
    """Joins the other processes, takes devices, and gives them back at the end.

    Of several processes, only the first logs; errors are raised by all.

    Args:
        devices: See `use_devices`.
        coordinator, processes, process: See `join_processes`; None for one process.

    Yields:
        The `Distribution`.

    Raises:
        ProcessLostError: If another process has ended.
    """
    if (coordinator, processes, process) != (None, None, None):
        join_processes(coordinator, processes, process)
    before = keras.distribution.distribution()
    distribution = use_devices(devices)
    library = logging.getLogger("keras_hourglass")
    level = library.level
    if not distribution.is_first:
        library.setLevel(logging.ERROR)
    try:
        yield distribution
    except Exception as error:
        if not distribution.is_single_process and not isinstance(error, Interrupted):
            # Before JAX's own exit handler, which waits for processes that are gone.
            atexit.register(os._exit, 1)
        if is_process_lost(error):
            raise ProcessLostError from error
        raise
    finally:
        library.setLevel(level)
        keras.distribution.set_distribution(before)
