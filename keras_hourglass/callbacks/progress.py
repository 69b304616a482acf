"""Progress of training: a live line on a terminal, one line per epoch elsewhere."""

import math
import time
from threading import Lock

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

LOGGED_NAMES = ("loss", "pckh", "box_ap", "val_loss", "val_pckh", "val_box_ap")
MIN_REDRAW_SECONDS = 0.1  # between two updates of the live line
BAR_WIDTH = 20


class ProgressLogger(keras.callbacks.Callback):
    """Shows epoch, step, loss, score and the time left of all epochs.

    Replaces Keras's bar, which fills files with control characters: call `fit` with
    `verbose=0`. A terminal shows a live line with a bar, and a plain line for each
    finished epoch. Elsewhere there are plain lines alone: one per epoch, and some
    within long epochs.

    Args:
        console: A rich `Console`; one on the standard error stream by default.
        live: False for plain lines on a terminal, too.
        interval: Least number of seconds between two plain lines within an epoch.
        clock: Returns seconds.

    Attributes:
        initial_step: Steps of the first epoch that were done before `fit`.
        total_epochs: Epochs of the run; those of `fit` if None.
        total_steps: Steps of an epoch; those of `fit` if None.

    Example:

    ```python
    import keras, numpy as np
    from keras_hourglass.callbacks.progress import ProgressLogger

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2)), np.zeros((8, 1))
    model.fit(x, y, epochs=2, verbose=0, callbacks=[ProgressLogger()])
    ```
    """

    async_safe = True  # see `RaiseOnNaN`

    def __init__(self, console=None, live=True, interval=60.0, clock=time.monotonic):
        super().__init__()
        self.console = Console(stderr=True) if console is None else console
        terminal = self.console.is_terminal and not self.console.is_dumb_terminal
        self.live = live and terminal
        self.interval, self.clock = interval, clock
        self.initial_step, self.total_epochs, self.total_steps = 0, None, None
        self.epochs, self.steps, self.epoch, self.step = 1, None, 0, 0
        self.started_at = self.updated_at = clock()
        self.measured_from = None  # when the first step was done
        self.measured_steps = 0  # since then
        self._bar = self._task = None
        self._lock = Lock()

    def on_train_begin(self, logs=None):
        self.epochs = self.total_epochs or self.params["epochs"]
        self.steps = self.total_steps or self.params["steps"]
        if self.live and self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(BAR_WIDTH),
                TextColumn("{task.fields[text]}", markup=False),
                console=self.console,
                auto_refresh=False,
                transient=True,
            )
            self._task = self._bar.add_task("", total=None, text="", visible=False)
            self._bar.start()

    def on_train_end(self, logs=None):
        self.stop()

    def stop(self):
        """Removes the live line. To be called where `fit` ends with an exception."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
            self.step = math.inf  # threads may still bring a step

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.step, self.started_at = epoch, self.initial_step, self.clock()
        self._first_step, self.initial_step = self.initial_step, 0

    def on_train_batch_end(self, batch, logs=None):
        with self._lock:
            step = self._first_step + batch + 1
            if step <= self.step:  # threads may bring an older one later
                return
            now, new = self.clock(), step - self.step
            self.step = step
            if self.measured_from is None:  # compiled in the first step: no measure
                self.measured_from = now
            else:
                self.measured_steps += new
            if now - self.updated_at < (
                MIN_REDRAW_SECONDS if self._bar else self.interval
            ):
                return
            self.updated_at = now
            place = f"{self.step}/{self.steps}" if self.steps else f"{self.step}"
            if self._bar is None:
                self.print(self._format(place, logs))
                return
            self._bar.update(
                self._task,
                description=f"Epoch {self.epoch + 1}/{self.epochs}",
                completed=self.step,
                total=self.steps,
                text="  ".join([place, *self._values(logs), *self._left()]),
                visible=True,
                refresh=True,
            )

    def on_epoch_end(self, epoch, logs=None):
        with self._lock:
            self.updated_at = self.clock()
            self.steps = self.steps or self.step
            self.step = self.steps
            seconds = format_duration(self.updated_at - self.started_at)
            self.print(self._format(f"took {seconds}", logs))

    def _format(self, place, logs):
        epoch = f"Epoch {self.epoch + 1}/{self.epochs}"
        return "  ".join([epoch, place, *self._values(logs), *self._left()])

    def _values(self, logs):
        logs = logs or {}
        return [f"{name} {logs[name]:.4g}" for name in LOGGED_NAMES if name in logs]

    def _left(self):
        """Returns the time left for all epochs, with validation, at the pace so far."""
        if not self.measured_steps or not self.steps:
            return []
        left = (self.epochs - self.epoch) * self.steps - self.step
        pace = (self.clock() - self.measured_from) / self.measured_steps
        return [f"{format_duration(pace * left)} left"] if left else []

    def print(self, line: str):
        """Prints a plain line, above the live one."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def format_duration(seconds: float) -> str:
    """Formats seconds as `h:mm:ss`, or `m:ss` below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
