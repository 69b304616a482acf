"""How long an epoch took, validation and all."""

import time

import keras


class EpochSeconds(keras.callbacks.Callback):
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
