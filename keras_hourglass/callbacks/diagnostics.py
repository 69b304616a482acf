"""Diagnostics of training: NaN, overfitting, flat heatmaps, missing labels, slow input.

Each is a callback for any `fit`. Problems are logged once, as warnings of this module's
logger, and again only after they went away. Those of heatmaps and labels read the
model's `PCKh`.
"""

import logging
import time

import keras
import numpy as np

from keras_hourglass.callbacks.pckh import find_pckh_metric

logger = logging.getLogger(__name__)

MIN_VALIDATION_RATIO = 0.5  # of training's score, which validation should reach
MIN_TRAINING_SCORE = 10.0  # percent, below which the two are not compared

# Mean peak height: 1 at a joint, and about 0.03 for a network that predicts where
# joints are on average, with Gaussians of sigma 1.
FLAT_PEAK = 0.05

MAX_NAMES = 8  # people of a batch that a message names
MAX_STALL = 0.1  # share of the time of the steps


class NonFiniteError(ArithmeticError):
    """Raised when a loss or the weights are NaN or infinite."""


class WarnOnce(keras.callbacks.Callback):
    """Logs a warning when something begins to be wrong."""

    def __init__(self):
        super().__init__()
        self.warned = False

    def warn(self, wrong: bool, text: str, *args):
        """Logs the warning, unless it was logged and has been true ever since."""
        if wrong and not self.warned:
            logger.warning(text, *args)
        self.warned = bool(wrong)


class ValidationGapWarning(WarnOnce):
    """Warns if the score rises in training and is far lower in validation.

    A common cause, beside overfitting, is batch normalization: it validates with
    running statistics, which are wrong for few people, or for weights that change fast.

    Args:
        ratio: Share of training's score that validation should reach.
        metric: Name of the metric, in percent.
    """

    def __init__(self, ratio: float = MIN_VALIDATION_RATIO, metric: str = "pckh"):
        super().__init__()
        self.ratio, self.metric, self.highest = ratio, metric, 0.0

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if not {self.metric, f"val_{self.metric}"} <= logs.keys():
            return
        score, val_score = logs[self.metric], logs[f"val_{self.metric}"]
        rising = score >= max(MIN_TRAINING_SCORE, self.highest)
        self.highest = max(self.highest, score)
        self.warn(
            (rising or self.warned) and val_score < self.ratio * score,
            "val_%s is %.1f where %s is %.1f in training. Either the statistics of "
            "batch normalization have not settled: increase the batch size or lower "
            "the learning rate. Or, after many epochs, this is overfitting: add data "
            "or augmentation.",
            *(self.metric, val_score, self.metric, score),
        )


class FlatHeatmapWarning(WarnOnce):
    """Warns if the heatmaps are near zero everywhere after an epoch.

    The loss is low then, since most pixels are zero indeed, but keypoints are decoded
    from noise. Reads the model's `PCKh`: of validation, or else of training.

    Args:
        min_peak: Mean height of the peaks below which heatmaps are flat.
    """

    def __init__(self, min_peak: float = FLAT_PEAK):
        super().__init__()
        self.min_peak, self.peak = min_peak, None

    def on_epoch_begin(self, epoch, logs=None):
        self.peak = None

    def on_test_end(self, logs=None):
        # Here, since an evaluation of other data would reset the metric.
        self.peak = find_pckh_metric(self.model).mean_peak()

    def on_epoch_end(self, epoch, logs=None):
        if self.peak is None:
            self.peak = find_pckh_metric(self.model).mean_peak()
        self.warn(
            self.peak < self.min_peak,
            "The heatmaps are near zero everywhere: their peaks are %.3f high, where "
            "joints are 1. Weight the foreground (`foreground=9` of `HeatmapLoss`, as "
            "in the recipe 'modern') or raise the learning rate; light networks stay "
            "here for thousands of steps.",
            self.peak,
        )


class RaiseOnNaN(keras.callbacks.Callback):
    """Ends `fit` with `NonFiniteError` as soon as a loss is NaN or infinite.

    Keras's `TerminateOnNaN` would let `fit` run to the end of the epoch, with its
    validation and its checkpoints. Must come before callbacks that save.

    Args:
        names_of_batch: Function of (epoch, batch), counted from 0, that returns the
            names of the batch's people, for the message.

    Raises:
        NonFiniteError: From `fit`.
    """

    # With this attribute, reading the logs of each batch costs no wait on JAX and
    # PyTorch: Keras converts them to floats in other threads, and the loss arrives a
    # few steps late, with its own batch's number, and at the latest when the epoch
    # ends. Without it, each step would wait for the one before.
    async_safe = True

    def __init__(self, names_of_batch=None):
        super().__init__()
        self.names_of_batch, self.epoch, self.batch = names_of_batch, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        # A running mean: after one NaN, it is NaN for the rest of the epoch.
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            self._raise(f"The loss is {loss} in batch {batch + 1}", batch)
        self.batch = batch

    def on_epoch_end(self, epoch, logs=None):
        """Checks the validation, too: only it shows what the last step did."""
        for name in ("loss", "val_loss"):
            value = (logs or {}).get(name, 0.0)
            if not np.isfinite(value):
                self._raise(f"{name} is {value} at the end", self.batch)

    def _raise(self, text, batch):
        people = ""
        if self.names_of_batch:
            # The step of the batch before may have caused it.
            batches = [each for each in (batch, batch - 1) if each >= 0]
            people = ": " + "; before them: ".join(
                join_names(self.names_of_batch(self.epoch, each)) for each in batches
            )
        raise NonFiniteError(
            f"{text} of epoch {self.epoch + 1}: training stopped, and saved files are "
            "unchanged. Lower the learning rate, or check the labels of that batch"
            + people
        )


def has_finite_weights(model) -> bool:
    """Checks that the weights of a model contain neither NaN nor infinity."""
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def join_names(names) -> str:
    """Joins names by commas; of many, the first few."""
    names = list(map(str, names))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


class UnlabelledBatchWarning(WarnOnce):
    """Warns about training batches in which every joint's weight is 0.

    Their loss is 0, which looks good. Reads the model's `PCKh`.
    """

    def __init__(self):
        super().__init__()
        self.count = None

    def on_epoch_begin(self, epoch, logs=None):
        self.count = None

    def on_test_begin(self, logs=None):
        self.count = self._read_count()  # validation resets the metric

    def on_epoch_end(self, epoch, logs=None):
        count = self._read_count() if self.count is None else self.count
        self.warn(
            count > 0,
            "%s batches of epoch %s had not one labeled joint: nothing was learned "
            "from them. Look for weights of 0 in the dataset (`hourglass-keras data "
            "check`), or increase the batch size.",
            *(f"{count:,}", epoch + 1),
        )

    def _read_count(self):
        return int(keras.ops.convert_to_numpy(find_pckh_metric(self.model).unlabelled))


class InputStallTimer(WarnOnce):
    """Measures the share of an epoch's time in which its steps waited for data.

    Adds it to the logs as `data_wait`, 0 to 1, and warns if it is high. Validation
    does not count, nor does the first step of all, which compiles the network.

    Args:
        waited: Function that returns the seconds waited so far.
    """

    async_safe = True  # see `RaiseOnNaN`

    def __init__(self, waited):
        super().__init__()
        self.waited, self.compiled = waited, False

    def on_train_begin(self, logs=None):
        self.compiled = False

    def on_epoch_begin(self, epoch, logs=None):
        self._start()

    def on_train_batch_end(self, batch, logs=None):
        if not self.compiled:
            self.compiled = True
            self._start()
        self.end, self.end_waited = time.perf_counter(), self.waited()

    def on_epoch_end(self, epoch, logs=None):
        seconds, waited = self.end - self.start, self.end_waited - self.start_waited
        # A batch that was asked for before the epoch began has waited for longer.
        share = min(1.0, waited / seconds) if seconds > 0 else 0.0
        if logs is not None:
            logs["data_wait"] = share
        self.warn(
            share > MAX_STALL,
            "The network waited for data for %.1f%% of the time. `hourglass-keras data "
            "prepare` makes small crops of large images, once, which are read several "
            "times as fast; beyond that, more cores or less augmentation help. "
            "`hourglass-keras benchmark loader` measures the parts.",
            100 * share,
        )

    def _start(self):
        self.start, self.start_waited = time.perf_counter(), self.waited()
        self.end, self.end_waited = self.start, self.start_waited


def diagnostic_callbacks(names_of_batch=None, waited=None, metric="pckh") -> list:
    """Returns all diagnostics, to put before callbacks that save.

    Args:
        names_of_batch: See `RaiseOnNaN`.
        waited: See `InputStallTimer`, which is left out without it.
        metric: Name of the metric: of another than "pckh", without those of heatmaps.
    """
    heatmaps = [UnlabelledBatchWarning(), FlatHeatmapWarning()]
    return [
        RaiseOnNaN(names_of_batch),
        *(heatmaps if metric == "pckh" else []),
        ValidationGapWarning(metric=metric),
        *([InputStallTimer(waited)] if waited else []),
    ]
