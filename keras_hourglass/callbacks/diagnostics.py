"""What all callbacks that warn share: they do it once, not after every epoch.

Validation that breaks down while training goes well.

Heatmaps without peaks: the plateau, on which a network answers 0 everywhere.

Training ends where its loss is no number any more, before that is saved.

Batches of which nothing can be learnt, since none of their joints is labelled.

How long steps wait for their data.

The callbacks that see when training goes wrong: all of them, in their order.
"""

import time

import keras
import numpy as np

from keras_hourglass.callbacks.pckh import find_pckh_metric


class WarnOnce(keras.callbacks.Callback):
    """Warns when something begins to be wrong.

    Args:
        say: What prints a line.
    """

    def __init__(self, say=print):
        super().__init__()
        self.say, self.warned = say, False

    def warn(self, wrong: bool, text: str):
        """Says what is wrong, unless that has been said and lasted since."""
        if wrong and not self.warned:
            self.say(f"Warning: {text}")
        self.warned = bool(wrong)


MIN_VALIDATION_RATIO = 0.5  # of the training's PCKh that validation should reach
MIN_TRAINING_PCKH = (
    10.0  # percent of PCKh in training, below which there is nothing to compare
)


class ValidationGapWarning(WarnOnce):
    """Warns if PCKh rises in training and is far lower in validation.

    What differs most between the two is batch normalization, which validates with
    running means: of few people, or of weights that have moved on, they are wrong.

    Args:
        say: What prints a line.
        share: Of `pckh`, which `val_pckh` should reach.
    """

    def __init__(self, say=print, share: float = MIN_VALIDATION_RATIO):
        super().__init__(say)
        self.share, self.highest = share, 0.0

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if not {"pckh", "val_pckh"} <= logs.keys():
            return
        pckh, validated = logs["pckh"], logs["val_pckh"]
        rising = pckh >= max(MIN_TRAINING_PCKH, self.highest)
        self.highest = max(self.highest, pckh)
        self.warn(
            (rising or self.warned) and validated < self.share * pckh,
            f"val_pckh is {validated:.1f} where pckh is {pckh:.1f} in training. The "
            "statistics of batch normalization have not settled: take larger batches, "
            "or a lower learning rate. After many epochs, the people may be learnt by "
            "heart: take more of them, or vary them more.",
        )


# Mean height of peaks; at a joint it should be 1. Where a network says no more than
# where people's joints are on average, it is about 0.03 with Gaussians of sigma 1.
FLAT_PEAK = 0.05


class FlatHeatmapWarning(WarnOnce):
    """Warns if after an epoch the heatmaps are near zero all over.

    The loss looks well then, for most pixels are zero indeed, and joints are read from
    noise. Reads the model's `PCKh`: of validation, or of training where nobody
    validates.

    Args:
        say: What prints a line.
        level: Mean height of the peaks from which on all is well.
    """

    def __init__(self, say=print, level: float = FLAT_PEAK):
        super().__init__(say)
        self.level, self.height = level, None

    def on_epoch_begin(self, epoch, logs=None):
        self.height = None

    def on_test_end(self, logs=None):
        # Here, for what is evaluated besides resets the metric.
        self.height = find_pckh_metric(self.model).mean_peak()

    def on_epoch_end(self, epoch, logs=None):
        if self.height is None:
            self.height = find_pckh_metric(self.model).mean_peak()
        self.warn(
            self.height < self.level,
            f"the heatmaps are near zero all over: their peaks are {self.height:.3f} "
            "high, where joints are 1. Weight what is not background (`foreground=9` "
            "of `HeatmapLoss`, as the recipe 'modern' does), or raise the learning "
            "rate; light networks stay here for thousands of steps.",
        )


MAX_NAMES = 8  # people of a batch


class NonFiniteError(ArithmeticError):
    """A loss was NaN or infinite; the message says when, and whose batch it was."""


class RaiseOnNaN(keras.callbacks.Callback):
    """Ends `fit` with `NotFinite` as soon as a loss is NaN or infinite.

    It raises, where Keras's `TerminateOnNaN` lets `fit` run on to the end of the epoch,
    with a validation and whatever saves then. So put it before callbacks that save.

    Args:
        people: (epoch, batch), counted from 0 -> names of the batch's people, for the
            message.

    Raises:
        NotFinite: From `fit`.
    """

    # A look at each batch costs no wait of its own. Keras turns the logs into floats
    # before any callback sees them (its progress bar always does). On TensorFlow that
    # is done at once. On JAX and PyTorch it is done in other threads, while the device
    # goes on, unless a callback that looks at batches lacks this attribute: then each
    # step waits for the one before. The loss comes a few steps late there, with its
    # own batch's number, and at the latest when the epoch ends.
    async_safe = True

    def __init__(self, people=None):
        super().__init__()
        self.people, self.epoch, self.batch = people, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        # A running mean, but of numbers: where one is not, it is not from there on.
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            self._stop(f"The loss is {loss} in batch {batch + 1}", batch)
        self.batch = batch

    def on_epoch_end(self, epoch, logs=None):
        """What the last step did to the weights shows in the validation alone."""
        for name in ("loss", "val_loss"):
            value = (logs or {}).get(name, 0.0)
            if not np.isfinite(value):
                self._stop(f"{name} is {value} at the end", self.batch)

    def _stop(self, what, batch):
        # The batch before made the step that this one shows.
        batches = [b for b in (batch, batch - 1) if b >= 0]
        names = [
            _join_names(self.people(self.epoch, b)) for b in batches if self.people
        ]
        of = "; before them: ".join(names)
        raise NonFiniteError(
            f"{what} of epoch {self.epoch + 1}: stopped, and what was saved is as it "
            "was. Lower the learning rate, or look at the people of that batch"
            + (f": {of}" if of else "")
        )


def has_finite_weights(model) -> bool:
    """Whether all weights of a model are numbers: others are not worth saving."""
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def _join_names(names) -> str:
    names = list(map(str, names))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


class UnlabelledBatchWarning(WarnOnce):
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
        return int(keras.ops.convert_to_numpy(find_pckh_metric(self.model).unlabelled))


MAX_STALL = 0.1  # of the time of the steps
STALL_ADVICE = (
    "Over {:.0%} of the time, the network waits. `hourglass-keras data prepare` makes "
    "small crops of large photographs, once, that are read several times as fast; "
    "beyond that, more cores or a weaker augmentation help. "
    "`hourglass-keras benchmark loader` says what takes the time."
)


class InputStallTimer(keras.callbacks.Callback):
    """Prints the share of an epoch's time in which its steps waited for data.

    Adds it to the logs as `data_wait`, 0 to 1. Validation does not count, nor does the
    first step of all, in which the network is compiled.

    Args:
        waited: Called for the seconds waited so far.
        say: What prints a line.
    """

    async_safe = True  # see `FiniteLoss`

    def __init__(self, waited, say=print):
        super().__init__()
        self.waited, self.say = waited, say

    def on_train_begin(self, logs=None):
        self.compiled = False

    def on_epoch_begin(self, epoch, logs=None):
        self._start()

    def on_train_batch_end(self, batch, logs=None):
        if not self.compiled:
            self.compiled = True
            self._start()
        self.ended, self.ended_waited = time.perf_counter(), self.waited()

    def on_epoch_end(self, epoch, logs=None):
        seconds = self.ended - self.begun
        waited = self.ended_waited - self.begun_waited
        # A batch that was asked for before the epoch began has kept it waiting longer.
        share = min(1.0, waited / seconds) if seconds > 0 else 0.0
        if logs is not None:
            logs["data_wait"] = share
        self.say(f"Waited for data: {share:.1%} of the time")
        if share > MAX_STALL:
            self.say(STALL_ADVICE.format(MAX_STALL))

    def _start(self):
        self.begun, self.begun_waited = time.perf_counter(), self.waited()
        self.ended, self.ended_waited = self.begun, self.begun_waited


def diagnostic_callbacks(say=print, people=None, waited=None) -> list:
    """Callbacks for `fit`, to put before those that save.

    The model's metrics must hold a `PCKh`.

    Args:
        say: What prints a line.
        people: (epoch, batch), counted from 0 -> names of the batch's people.
        waited: Of `DataWait`, which is left out without it.
    """
    return [
        RaiseOnNaN(people),
        UnlabelledBatchWarning(say),
        FlatHeatmapWarning(say),
        ValidationGapWarning(say),
        *([InputStallTimer(waited, say)] if waited else []),
    ]
