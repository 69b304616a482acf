"""A line on a terminal that changes in place, and how it tells the time.

How far training is: one live line on a terminal, plain lines in a file.
"""

import math
import os
import shutil
import sys
import time
from threading import Lock

import keras


class LiveLine:
    """One line, drawn over again; where there is no terminal, none at all.

    Args:
        stream: Where it is drawn.

    Attributes:
        live: Whether that is a terminal that can.
    """

    def __init__(self, stream):
        self.stream, self._width = stream, 0
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"

    def draw(self, text: str):
        """Shows a text, cut to the terminal's width, in place of the one before."""
        if not self.live:
            return
        # Blanks, for escape codes to clear a line are not known to every terminal.
        text = text[: shutil.get_terminal_size().columns - 1]
        self.stream.write("\r" + text.ljust(self._width))
        self.stream.flush()
        self._width = len(text)

    def clear(self):
        """Takes the line away, so that another can be printed."""
        if self._width:
            self.stream.write("\r" + " " * self._width + "\r")
            self.stream.flush()
            self._width = 0


def format_duration(seconds: float) -> str:
    """`h:mm:ss`, or `m:ss` below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


LOGGED_NAMES = ("loss", "pckh", "val_loss", "val_pckh")
MIN_REDRAW_SECONDS = 0.1  # seconds between two looks of the live line, at least


class ProgressLogger(keras.callbacks.Callback):
    """Shows the loss, PCKh and the time left of all epochs.

    In place of Keras's bar, which draws itself into files, too: call `fit` with
    `verbose=0`. On a terminal one line changes in place; elsewhere there is a line
    after each epoch, and in long ones now and then.

    Args:
        say: What prints a line.
        stream: Where the live line goes; the standard output if there is none. If it
            is no terminal, all goes to `say`.
        every: Seconds between two lines in a file, at least.
        clock: Gives seconds.

    Attributes:
        behind: Steps of the first epoch that were done before `fit` began.
        beyond: Epochs that come after those of `fit`.
    """

    async_safe = True  # see `FiniteLoss`

    def __init__(self, say=print, stream=None, every=60.0, clock=time.monotonic):
        super().__init__()
        self._say, self.every, self.clock = say, every, clock
        self.line = LiveLine(sys.stdout if stream is None else stream)
        self.told = clock()  # when a line was written
        self.epochs, self.steps, self.epoch, self.step = 1, None, 0, 0
        self.first = None  # when the first step was done
        self.done = 0  # steps since
        self.behind = self.beyond = 0
        self._lock = Lock()

    def say(self, text: str):
        """Prints a line, not into the live one."""
        with self._lock:
            self.line.clear()
            self._say(text)

    def clear(self):
        """Takes the live line away: `fit` ended in its midst."""
        with self._lock:
            self.line.clear()
            self.step = math.inf  # threads may still bring a step

    def on_train_begin(self, logs=None):
        self.epochs = self.params["epochs"] + self.beyond
        self.steps = self.params["steps"]
        if self.steps:
            self.steps += self.behind

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.step, self.begun = epoch, self.behind, self.clock()

    def on_train_batch_end(self, batch, logs=None):
        with self._lock:
            batch += self.behind
            if batch < self.step:  # threads may bring an older one later
                return
            now, new = self.clock(), batch + 1 - self.step
            self.step = batch + 1
            if self.first is None:  # it was compiled: that tells no pace
                self.first = now
            else:
                self.done += new
            if now - self.told < (MIN_REDRAW_SECONDS if self.line.live else self.every):
                return
            self.told = now
            place = f"{self.step}/{self.steps}" if self.steps else f"{self.step}"
            line = self._line(place, logs)
            if self.line.live:
                self.line.draw(line)
            else:
                self._say(line)

    def on_epoch_end(self, epoch, logs=None):
        self.told = self.clock()
        self.steps = self.steps or self.step
        self.step, self.behind = self.steps, 0
        self.say(self._line(f"took {format_duration(self.told - self.begun)}", logs))

    def _line(self, place, logs):
        logs, left = logs or {}, self._seconds_left()
        values = [f"{name} {logs[name]:.4g}" for name in LOGGED_NAMES if name in logs]
        parts = [f"Epoch {self.epoch + 1}/{self.epochs}", place, *values]
        return "  ".join(parts + ([f"{format_duration(left)} left"] if left else []))

    def _seconds_left(self):
        """Of all epochs, at the pace so far, validation and all; None if unknown."""
        if not self.done or not self.steps:
            return None
        left = (self.epochs - self.epoch) * self.steps - self.step
        return (self.clock() - self.first) / self.done * left
