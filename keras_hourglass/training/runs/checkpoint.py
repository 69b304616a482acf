"""Checkpoints of a run, and the callbacks that write them.

`last.keras` holds all that a run goes on from: weights, optimizer and progress, in one
file, so that they change together. `best.keras` holds the network that scored best.
"""

import csv
import json
import time
import warnings
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from keras_hourglass.callbacks.diagnostics import NonFiniteError, has_finite_weights
from keras_hourglass.training.distribution import single_device
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.utils import Interrupted
from keras_hourglass.utils.files import atomic_write, name_write_errors

STATE_FILE = "progress.json"  # within the `.keras` file, which is a zip
# By errors of these kinds, files that do not fit or are damaged refuse to be loaded.
DAMAGE = (ValueError, UserWarning, KeyError, OSError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class TrainState:
    """Progress of a run.

    Attributes:
        epochs: Finished epochs.
        step: Finished steps of the next epoch.
        best: Highest score of validation, percent; -1 before the first one.
        metrics: Values of the metrics' variables in the unfinished epoch.
        seconds: Time that the unfinished epoch has taken.
        people: Those that it is trained on, see `config.describe_people`; None if the
            checkpoint does not say, as before version 0.10.
    """

    epochs: int = 0
    step: int = 0
    best: float = -1.0
    metrics: list = ()
    seconds: float = 0.0
    people: dict | None = field(default=None, compare=False)


def save_checkpoint(path: Path, model, state: TrainState):
    """Writes a network, its optimizer and the progress, all of them or none."""
    with single_device(), atomic_write(path, durable=True) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(STATE_FILE, json.dumps(asdict(state)))


def read_state(path: Path) -> TrainState:
    """Reads the progress from a checkpoint.

    Raises:
        ValueError: If the file is no checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return TrainState(**json.loads(archive.read(STATE_FILE)))
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is not a checkpoint of a run, or is damaged: {error}. "
            "`restart=True` begins the run anew, `init_weights` begins another "
            "with its best.keras"
        ) from None


def restore_checkpoint(path: Path, model):
    """Loads the weights and the optimizer's state from a checkpoint.

    Raises:
        ValueError: If the file holds another network or optimizer.
    """
    try:
        with warnings.catch_warnings():  # by which Keras skips an optimizer's state
            warnings.filterwarnings("error", "Skipping variable loading")
            model.load_weights(path)
    except DAMAGE as error:
        raise ValueError(
            f"{path} is not a checkpoint of this run: another version or backend wrote "
            "it, it holds another network, or it is damaged. `restart=True` begins a "
            f"new run in its place, `init_weights={str(path)!r}` begins one with its "
            "weights"
        ) from error


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the network, without optimizer, whenever its score is the best so far.

    Args:
        path: Path of the `.keras` file.
        ema: Gives the weights to save.
        monitor: Name in the logs of the score; the higher, the better.
        best: Score to exceed, for a run that goes on.
    """

    def __init__(
        self, path, ema: EMAWeights, monitor: str = "val_pckh", best: float = -1.0
    ):
        super().__init__()
        self.path, self.ema = path, ema
        self.monitor, self.best = monitor, best

    def on_epoch_end(self, epoch, logs=None):
        score = (logs or {}).get(self.monitor)
        if score is None or not score > self.best:
            return
        network = self.ema.network()
        if not has_finite_weights(network):  # it may score by chance
            return
        with single_device(), atomic_write(self.path) as path:
            network.save(path)
        self.best = float(score)


class HistoryLogger(keras.callbacks.CSVLogger):
    """Appends epochs to a CSV file, in the columns that it has.

    Keras's callback takes the columns of the first logs, whatever those of the file.
    Here, values without a column are left out, and columns without a value are empty.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: Path):
        super().__init__(path, append=True)
        self.path = path

    def on_train_begin(self, logs=None):
        header = []
        if self.path.is_file():
            with open(self.path, newline="", encoding="utf-8") as file:
                header = next(csv.reader(file), [])
        super().on_train_begin(logs)
        self.keys = header[1:] or None

    def on_epoch_end(self, epoch, logs=None):
        empty = dict.fromkeys(self.keys or (), "")
        try:
            with name_write_errors(self.path):
                super().on_epoch_end(epoch, {**empty, **(logs or {})})
        except OSError:
            with suppress(OSError):  # which Python would print at its exit
                self.csv_file.close()
            raise


class RescaleValLoss(keras.callbacks.Callback):
    """Corrects `val_loss` for the padding of validation batches.

    Batches are padded so that all devices get equally many people, with black images
    without labels, whose loss is 0. Must come before callbacks that read `val_loss`.
    PCKh counts labels alone and needs no correction.

    Args:
        people: Number of people in the validation data.
        padded: Number of rows in the padded batches.
    """

    def __init__(self, people: int, padded: int):
        super().__init__()
        self.factor = padded / people

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in (logs or {}):
            logs["val_loss"] *= self.factor


class EpochTimer(keras.callbacks.Callback):
    """Adds `seconds` to the logs of each epoch, validation included.

    Args:
        before: Seconds that the first epoch has taken already, for a run that goes on
            within an epoch.
    """

    def __init__(self, before: float = 0.0):
        super().__init__()
        self.before, self.start = before, time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter() - self.before
        self.before = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["seconds"] = self.elapsed()

    def elapsed(self) -> float:
        """Seconds that the current epoch has taken so far."""
        return time.perf_counter() - self.start


class CheckpointCallback(keras.callbacks.Callback):
    """Writes a checkpoint after each epoch, and at intervals within one.

    Must be the last callback: what the others write counts as done.

    It acts before a step, not after one: so on JAX and PyTorch only the steps that are
    saved are waited for, not every one.

    Args:
        path: Path of the file; None in processes that write none.
        state: Progress at which training begins.
        steps: Steps of an epoch.
        best: Knows the best score.
        interval: Seconds between two checkpoints within an epoch.
        should_stop: Called with the number of finished steps; True ends the run.
        elapsed: Returns the seconds that the epoch has taken so far.

    Raises:
        Interrupted: After a checkpoint, if `should_stop` is true.
        NonFiniteError: Instead of saving weights that contain NaN or infinity.
    """

    def __init__(
        self,
        path: Path | None,
        state: TrainState,
        steps: int,
        best: BestCheckpoint,
        interval: float,
        should_stop=lambda step: False,
        elapsed=lambda: 0.0,
    ):
        super().__init__()
        self.path, self.state, self.steps, self.best = path, state, steps, best
        self.interval = interval
        self.should_stop, self.elapsed = should_stop, elapsed
        self.first_step, self.saved_at = 0, time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.first_step = self.state.step

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:  # nothing is new
            return
        step = self.first_step + batch
        self.state = replace(self.state, step=step, metrics=())
        stop = self.should_stop(step)
        if stop or time.monotonic() - self.saved_at >= self.interval:
            self._save()
        if stop:
            raise Interrupted

    def on_epoch_end(self, epoch, logs=None):
        people = self.state.people
        self.state = TrainState(epoch + 1, best=self.best.best, people=people)
        self._save()
        if self.should_stop(self.steps):
            raise Interrupted

    def _save(self):
        self.saved_at = time.monotonic()
        if self.path is None:
            return
        sync_jax_state(self.model)
        if not has_finite_weights(self.model):
            raise NonFiniteError(
                "The weights contain NaN or infinity: training stopped, and the files "
                "of the run are unchanged. Lower the learning rate"
            )
        state = self.state
        if state.step:
            values = map(keras.ops.convert_to_numpy, self.model.metrics_variables)
            metrics = [np.asarray(value).tolist() for value in values]
            state = replace(state, metrics=metrics, seconds=self.elapsed())
        save_checkpoint(self.path, self.model, state)
        self.saved_at = time.monotonic()


class RestoreMetrics(keras.callbacks.Callback):
    """Adds to the metrics of an epoch what its steps before a stop had counted.

    Args:
        metrics: Values of the metrics' variables, all of them sums.
    """

    # After the first step, since some metrics are built by it; and not `async_safe`,
    # so that other callbacks read the sum.

    def __init__(self, metrics: list):
        super().__init__()
        self.metrics = metrics

    def on_train_batch_end(self, batch, logs=None):
        if not self.metrics:
            return
        sync_jax_state(self.model)
        for variable, value in zip(self.model.metrics_variables, self.metrics):
            # In NumPy, since variables on several devices cannot be added to.
            total = keras.ops.convert_to_numpy(variable)
            variable.assign(total + np.array(value, variable.dtype))
        self.metrics = []


def sync_jax_state(model):
    """Updates the model's variables, which Keras leaves alone during `fit` on JAX."""
    if keras.backend.backend() == "jax":
        model.jax_state_sync()
