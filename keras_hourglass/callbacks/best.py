"""The network that scored best, in a file."""

import keras

from keras_hourglass.callbacks.alone import alone
from keras_hourglass.callbacks.averaged import AveragedWeights
from keras_hourglass.callbacks.finite import finite_weights
from keras_hourglass.replacing import replacing


class KeepBest(keras.callbacks.Callback):
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
        averaged: AveragedWeights,
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
        if not finite_weights(network):  # which may score by chance
            return
        with alone(), replacing(self.path) as path:
            network.save(path)
        self.best = float(score)
