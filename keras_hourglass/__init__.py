"""Stacked hourglass networks for human pose estimation, in Keras 3."""

from keras_hourglass.callbacks import PCKhCallback
from keras_hourglass.fuse import fuse
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.metrics import PCKh
from keras_hourglass.model import StackedHourglass
from keras_hourglass.predict import Pose, PoseEstimator
from keras_hourglass.skeleton import Skeleton

__version__ = "0.1.0"
__all__ = [
    "HeatmapLoss",
    "PCKh",
    "PCKhCallback",
    "Pose",
    "PoseEstimator",
    "Skeleton",
    "StackedHourglass",
    "fuse",
]
