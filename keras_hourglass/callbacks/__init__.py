"""What happens beside the steps of training: a file for each callback."""

from keras_hourglass.callbacks.averaged import AveragedWeights
from keras_hourglass.callbacks.best import KeepBest
from keras_hourglass.callbacks.events import EventLog
from keras_hourglass.callbacks.pckh import PCKhCallback, pckh_of, report
from keras_hourglass.callbacks.seconds import EpochSeconds

__all__ = [
    "AveragedWeights",
    "EpochSeconds",
    "EventLog",
    "KeepBest",
    "PCKhCallback",
    "pckh_of",
    "report",
]
