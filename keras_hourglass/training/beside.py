"""What happens beside the steps of a run: its callbacks, in their order."""

import keras

from keras_hourglass import callbacks
from keras_hourglass.training import plan as plans
from keras_hourglass.training.folder import EVENTS, HISTORY


def callbacks_of(run, keep, waited, others) -> list:
    """Callbacks for `fit`.

    Args:
        run: The `Run` that trains.
        keep: Keeps what it goes on from: the last, since it counts the others as done.
        waited: Of `callbacks.DataWait`.
        others: Name -> dataset to evaluate besides the first.
    """
    return [
        *callbacks.watchers(run.say, run.names, waited),
        run.shown,
        run.averaged,
        callbacks.EpochSeconds(),
        callbacks.PCKhCallback(others, run.say),
        keras.callbacks.CSVLogger(run.folder / HISTORY, append=True),
        callbacks.EventLog(
            run.folder / EVENTS,
            run.pictures,
            {"configuration": plans.markdown(run.plan)},
        ),
        run.best,
        keep,
    ]
