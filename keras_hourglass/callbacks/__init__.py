"""What happens beside the steps of training: a file for each callback."""

from keras_hourglass.callbacks.averaged import AveragedWeights
from keras_hourglass.callbacks.best import KeepBest
from keras_hourglass.callbacks.events import EventLog
from keras_hourglass.callbacks.pckh import PCKhCallback, pckh_of, report

__all__ = [
    "AveragedWeights",
    "EventLog",
    "KeepBest",
    "PCKhCallback",
    "pckh_of",
    "report",
]
