"""How long an epoch took, validation and all."""

import time

import keras


class EpochSeconds(keras.callbacks.Callback):
    """Adds `seconds` to the logs of each epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self.begun
