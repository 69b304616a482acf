"""How long steps wait for their data."""

import time

import keras

MUCH = 0.1  # of the time of the steps
ADVICE = (
    "Over {:.0%} of the time, the network waits. `hourglass-keras data prepare` makes "
    "small crops of large photographs, once, that are read several times as fast; "
    "beyond that, more cores or a weaker augmentation help. "
    "`hourglass-keras benchmark loader` says what takes the time."
)


class DataWait(keras.callbacks.Callback):
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
        if share > MUCH:
            self.say(ADVICE.format(MUCH))

    def _start(self):
        self.begun, self.begun_waited = time.perf_counter(), self.waited()
        self.ended, self.ended_waited = self.begun, self.begun_waited
