"""Validation in batches filled up with nobody, so that all devices have a part."""

import keras


class FilledValidation(keras.callbacks.Callback):
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
