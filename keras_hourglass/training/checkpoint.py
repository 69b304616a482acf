"""The network that scored best, in a file.

Validation in batches filled up with nobody, so that all devices have a part.

How long an epoch took, validation and all.

What a run goes on from: weights, optimizer and progress, in one file.
"""

import json
import time
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from keras_hourglass.callbacks.diagnostics import NonFiniteError, has_finite_weights
from keras_hourglass.training.distribution import single_device
from keras_hourglass.training.flat_optimizer import EMAWeights
from keras_hourglass.utils import Interrupted, atomic_write


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the network, without optimizer, whenever its score is the best so far.

    Args:
        path: Of the `.keras` file.
        averaged: Whose weights to save.
        monitor: Which value of the logs is to be high.
        best: The score to beat, if training goes on.
    """

    def __init__(
        self,
        path,
        averaged: EMAWeights,
        monitor: str = "val_pckh",
        best: float = -1.0,
    ):
        super().__init__()
        self.path, self.averaged = path, averaged
        self.monitor, self.best = monitor, best

    def on_epoch_end(self, epoch, logs=None):
        score = (logs or {}).get(self.monitor)
        if score is None or not score > self.best:
            return
        network = self.averaged.network()
        if not has_finite_weights(network):  # which may score by chance
            return
        with single_device(), atomic_write(self.path) as path:
            network.save(path)
        self.best = float(score)


class RescaleValLoss(keras.callbacks.Callback):
    """Takes nobody's part in `val_loss` away again: the mean is that of people.

    To be put before callbacks that look at it. PCKh counts labels alone, as ever.

    Args:
        people: How many are validated.
        filled: How many there are with those that fill up batches.
    """

    def __init__(self, people: int, filled: int):
        super().__init__()
        self.factor = filled / people

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in (logs or {}):
            logs["val_loss"] *= self.factor


class EpochTimer(keras.callbacks.Callback):
    """Adds `seconds` to the logs of each epoch.

    Args:
        before: That the first epoch had taken, where it goes on from within.
    """

    def __init__(self, before: float = 0.0):
        super().__init__()
        self.before, self.begun = before, time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter() - self.before
        self.before = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["seconds"] = self.taken()

    def taken(self) -> float:
        """Seconds, of the epoch that lasts."""
        return time.perf_counter() - self.begun


# Within the `.keras` file, which is a zip: so all of it changes in one moment.
STATE_FILE = "progress.json"


@dataclass(frozen=True)
class TrainState:
    """How far a run has come.

    Attributes:
        epochs: Finished.
        step: Batches of the next epoch that are behind it, too.
        best: Highest `val_pckh`, percent; -1 before the first.
        metrics: Of that unfinished epoch: the values of the metrics' variables.
        seconds: That it has taken so far.
    """

    epochs: int = 0
    step: int = 0
    best: float = -1.0
    metrics: list = ()
    seconds: float = 0.0


def save_checkpoint(path: Path, model, progress: TrainState):
    """Keeps a network, its optimizer and how far they are; or leaves what was there."""
    with single_device(), atomic_write(path, durable=True) as beside:
        model.save(beside)
        with zipfile.ZipFile(beside, "a") as archive:
            archive.writestr(STATE_FILE, json.dumps(asdict(progress)))


def read_state(path: Path) -> TrainState:
    """How far a network in a file has come.

    Raises:
        ValueError: If the file does not say so.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return TrainState(**json.loads(archive.read(STATE_FILE)))
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is nothing to go on from: {error}") from None


def restore_checkpoint(path: Path, model):
    """Gives a network, and its optimizer, what was kept of them.

    Raises:
        ValueError: If the file holds another network or optimizer.
    """
    try:
        model.load_weights(path)
    except ValueError as error:
        raise ValueError(
            f"{path} is nothing to go on from: an earlier version wrote it, or it "
            "holds another network. `--fresh` begins anew, `--from` with its weights"
        ) from error


class CheckpointCallback(keras.callbacks.Callback):
    """Keeps what a run goes on from: after each epoch, and now and then within one.

    To be the last of the callbacks: what the others write, it counts as done.

    It looks before a step, not after one: then JAX and PyTorch need not wait for every
    step's numbers, but only for those that are kept.

    Args:
        path: Of the file; without one, another process of the run keeps it.
        progress: Where training begins.
        steps: Of an epoch.
        best: What knows the best score.
        seconds: From one keeping within an epoch to the next.
        asked: Says whether the user wants to stop, from how many steps are done.
        taken: Says how many seconds the epoch has taken so far.

    Raises:
        Interrupted: Once all is kept, if the user wants to stop.
        NotFinite: In place of keeping weights that are no numbers.
    """

    def __init__(
        self,
        path: Path | None,
        progress: TrainState,
        steps: int,
        best: BestCheckpoint,
        seconds: float,
        asked=lambda step: False,
        taken=lambda: 0.0,
    ):
        super().__init__()
        self.path, self.progress, self.steps, self.best = path, progress, steps, best
        self.seconds, self.asked, self.taken = seconds, asked, taken
        self.first, self.kept = 0, time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.first = self.progress.step

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:  # nothing is new
            return
        step = self.first + batch
        self.progress = replace(self.progress, step=step, metrics=())
        stop = self.asked(step)
        if stop or time.monotonic() - self.kept >= self.seconds:
            self._keep()
        if stop:
            raise Interrupted

    def on_epoch_end(self, epoch, logs=None):
        self.progress = TrainState(epoch + 1, best=self.best.best)
        self._keep()
        if self.asked(self.steps):
            raise Interrupted

    def _keep(self):
        self.kept = time.monotonic()
        if self.path is None:
            return
        sync_jax(self.model)
        if not has_finite_weights(self.model):
            raise NonFiniteError(
                "The weights are no numbers any more: stopped, and what was saved is "
                "as it was. Lower the learning rate"
            )
        kept = self.progress
        if kept.step:
            values = map(keras.ops.convert_to_numpy, self.model.metrics_variables)
            metrics = [np.asarray(value).tolist() for value in values]
            kept = replace(kept, metrics=metrics, seconds=self.taken())
        save_checkpoint(self.path, self.model, kept)
        self.kept = time.monotonic()


class RestoreMetrics(keras.callbacks.Callback):
    """Adds to an epoch that goes on what its part before had counted.

    Args:
        metrics: The values of the metrics' variables; sums, all of them.
    """

    # After the first step, since some metrics are built with that; and not
    # `async_safe`: other callbacks are to see that sum.

    def __init__(self, metrics: list):
        super().__init__()
        self.metrics = metrics

    def on_train_batch_end(self, batch, logs=None):
        if not self.metrics:
            return
        sync_jax(self.model)
        for variable, value in zip(self.model.metrics_variables, self.metrics):
            # In NumPy: what lies on several devices is not added to otherwise.
            sum = keras.ops.convert_to_numpy(variable) + np.array(value, variable.dtype)
            variable.assign(sum)
        self.metrics = []


def sync_jax(model):
    """On JAX, steps leave the network's own variables as they were, until asked."""
    if keras.backend.backend() == "jax":
        model.jax_state_sync()
