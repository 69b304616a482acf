"""Batches of which nothing can be learnt, since none of their joints is labelled."""

import keras

from keras_hourglass.callbacks.pckh import pckh_of
from keras_hourglass.callbacks.watcher import Watcher


class UnlabelledBatches(Watcher):
    """Warns if training saw batches in which every joint's weight was 0.

    Their loss is 0, which looks well. Reads the model's `PCKh`.

    Args:
        say: What prints a line.
    """

    def __init__(self, say=print):
        super().__init__(say)
        self.count = None

    def on_epoch_begin(self, epoch, logs=None):
        self.count = None

    def on_test_begin(self, logs=None):
        # The last moment: validation counts anew.
        self.count = self._counted()

    def on_epoch_end(self, epoch, logs=None):
        count = self._counted() if self.count is None else self.count
        self.warn(
            count > 0,
            f"{count:,} batches of epoch {epoch + 1} had not one labelled joint, so "
            "nothing was learnt from them. Look for weights of 0 in the dataset "
            "(`hourglass-keras data check`), or take larger batches.",
        )

    def _counted(self):
        return int(keras.ops.convert_to_numpy(pckh_of(self.model).unlabelled))
