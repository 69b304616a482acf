"""What happens beside the steps of a run: its callbacks, in their order."""

import keras

from keras_hourglass import callbacks
from keras_hourglass.training import plan as plans
from keras_hourglass.training.folder import EVENTS, HISTORY, LAST
from keras_hourglass.training.keeping import CountedBefore, KeepProgress


def callbacks_of(run, waited, others) -> list:
    """Callbacks for `fit`.

    Args:
        run: The `Run` that trains.
        waited: Of `callbacks.DataWait`.
        others: Name -> dataset to evaluate besides the first.

    Returns:
        All of them; the last is the `KeepProgress`, which counts the others as done.
    """
    done, validated = run.progress, len(next(iter(run.validators.values())))
    seconds = callbacks.EpochSeconds(done.seconds)
    keep = KeepProgress(
        run.mine(LAST),
        *(done, run.stream.steps, run.best, 60 * run.keep_every),
        run.asked,
        seconds.taken,
    )
    writing = [
        keras.callbacks.CSVLogger(run.folder / HISTORY, append=True),
        callbacks.EventLog(
            run.folder / EVENTS,
            run.pictures,
            {"configuration": plans.markdown(run.plan)},
        ),
        run.best,
    ]
    return [
        *([CountedBefore(done.metrics)] if done.metrics else []),
        callbacks.FilledValidation(validated, run.devices.share.filled(validated)),
        *callbacks.watchers(run.say, run.names, waited),
        run.shown,
        run.averaged,
        seconds,
        callbacks.PCKhCallback(others, run.say),
        *(writing if run.devices.first else []),
        keep,
    ]
