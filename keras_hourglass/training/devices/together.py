"""Several devices that train one network, each on its part of every batch."""

from contextlib import nullcontext
from dataclasses import dataclass

import keras
import numpy as np

from keras_hourglass.data.share import WHOLE, Share
from keras_hourglass.training.devices import processes


@dataclass(frozen=True)
class Devices:
    """The devices of a run; by default the one that Keras's backend takes.

    Attributes:
        share: What this process reads of each batch, and how many devices there are.
        strategy: TensorFlow's `MirroredStrategy`, where there is one.
    """

    share: Share = WHOLE
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
        return true if self.alone else bool(processes.gathered(true).any())

    def sum(self, number: int) -> int:
        """Of a number of each process. All must ask, and wait so long."""
        return number if self.alone else int(processes.gathered(number).sum())

    def same(self, *numbers: int) -> bool:
        """Whether all processes have the same numbers."""
        return self.alone or not np.ptp(processes.gathered(*numbers), axis=0).any()

    def wait(self):
        """Until all processes are here."""
        self.any(False)


def take(wanted: int | str = 1) -> Devices:
    """Takes devices of this process, and as many of each that it has joined.

    On JAX, Keras lays all networks that are made from now on over them.

    Args:
        wanted: How many, or "all": GPUs if there are any, else CPUs.

    Raises:
        ValueError: If there are fewer, or the backend cannot train on several.
    """
    of = processes.devices()
    there = min(map(len, of))
    count = there if wanted == "all" else wanted
    if not 1 <= count <= there:
        raise ValueError(
            f"`devices` must be 'all' or 1 to {there}, for so many there are. "
            f"Received: devices={wanted}"
        )
    names = [name for theirs in of for name in theirs[:count]]
    if len(names) == 1:
        return Devices()
    backend, share = keras.backend.backend(), Share(*processes.place(), len(names))
    if backend == "jax":
        # What is read are shares already.
        whole = keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)
        keras.distribution.set_distribution(whole)
        return Devices(share)
    if backend == "tensorflow":
        import tensorflow as tf

        names = [name.upper() for name in names]
        return Devices(share, tf.distribute.MirroredStrategy(names))
    raise ValueError(
        f"`devices` must be 1 with the backend {backend!r}: Keras cannot train on "
        f"several there. {processes.WORKING} Received: devices={wanted}"
    )
