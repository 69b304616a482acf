"""The callbacks that see when training goes wrong: all of them, in their order."""

from keras_hourglass.callbacks.collapse import CollapsedValidation
from keras_hourglass.callbacks.finite import FiniteLoss
from keras_hourglass.callbacks.flat import FlatHeatmaps
from keras_hourglass.callbacks.unlabelled import UnlabelledBatches
from keras_hourglass.callbacks.waiting import DataWait


def watchers(say=print, people=None, waited=None) -> list:
    """Callbacks for `fit`, to put before those that save.

    The model's metrics must hold a `PCKh`.

    Args:
        say: What prints a line.
        people: (epoch, batch), counted from 0 -> names of the batch's people.
        waited: Of `DataWait`, which is left out without it.
    """
    return [
        FiniteLoss(people),
        UnlabelledBatches(say),
        FlatHeatmaps(say),
        CollapsedValidation(say),
        *([DataWait(waited, say)] if waited else []),
    ]
