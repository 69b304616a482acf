"""Heatmaps without peaks: the plateau, on which a network answers 0 everywhere."""

from keras_hourglass.callbacks.pckh import pckh_of
from keras_hourglass.callbacks.watcher import Watcher

# Mean height of peaks; at a joint it should be 1. Where a network says no more than
# where people's joints are on average, it is about 0.03 with Gaussians of sigma 1.
NEAR_ZERO = 0.05


class FlatHeatmaps(Watcher):
    """Warns if after an epoch the heatmaps are near zero all over.

    The loss looks well then, for most pixels are zero indeed, and joints are read from
    noise. Reads the model's `PCKh`: of validation, or of training where nobody
    validates.

    Args:
        say: What prints a line.
        level: Mean height of the peaks from which on all is well.
    """

    def __init__(self, say=print, level: float = NEAR_ZERO):
        super().__init__(say)
        self.level, self.height = level, None

    def on_epoch_begin(self, epoch, logs=None):
        self.height = None

    def on_test_end(self, logs=None):
        # Here, for what is evaluated besides resets the metric.
        self.height = pckh_of(self.model).mean_height()

    def on_epoch_end(self, epoch, logs=None):
        if self.height is None:
            self.height = pckh_of(self.model).mean_height()
        self.warn(
            self.height < self.level,
            f"the heatmaps are near zero all over: their peaks are {self.height:.3f} "
            "high, where joints are 1. Weight what is not background (`foreground=9` "
            "of `HeatmapLoss`, as the recipe 'modern' does), or raise the learning "
            "rate; light networks stay here for thousands of steps.",
        )
