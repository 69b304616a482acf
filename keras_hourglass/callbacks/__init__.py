"""What happens beside the steps of training: a file for each callback."""

from keras_hourglass.callbacks.diagnostics import (
    CollapsedValidation,
    DataWait,
    FiniteLoss,
    FlatHeatmaps,
    NotFinite,
    UnlabelledBatches,
    finite_weights,
    watchers,
)
from keras_hourglass.callbacks.pckh import PCKhCallback, pckh_of, report
from keras_hourglass.callbacks.progress import ProgressLine
from keras_hourglass.callbacks.tensorboard import EventLog
from keras_hourglass.training.checkpoint import EpochSeconds, FilledValidation, KeepBest
from keras_hourglass.training.flat_optimizer import AveragedWeights

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
