"""What happens beside the steps of training: a file for each callback."""

from keras_hourglass.callbacks.averaged import AveragedWeights
from keras_hourglass.callbacks.best import KeepBest
from keras_hourglass.callbacks.collapse import CollapsedValidation
from keras_hourglass.callbacks.events import EventLog
from keras_hourglass.callbacks.filled import FilledValidation
from keras_hourglass.callbacks.finite import FiniteLoss, NotFinite, finite_weights
from keras_hourglass.callbacks.flat import FlatHeatmaps
from keras_hourglass.callbacks.pckh import PCKhCallback, pckh_of, report
from keras_hourglass.callbacks.progress import ProgressLine
from keras_hourglass.callbacks.seconds import EpochSeconds
from keras_hourglass.callbacks.unlabelled import UnlabelledBatches
from keras_hourglass.callbacks.waiting import DataWait
from keras_hourglass.callbacks.watchers import watchers

__all__ = [
    "AveragedWeights",
    "CollapsedValidation",
    "DataWait",
    "EpochSeconds",
    "EventLog",
    "FilledValidation",
    "FiniteLoss",
    "FlatHeatmaps",
    "KeepBest",
    "NotFinite",
    "PCKhCallback",
    "ProgressLine",
    "UnlabelledBatches",
    "finite_weights",
    "pckh_of",
    "report",
    "watchers",
]
