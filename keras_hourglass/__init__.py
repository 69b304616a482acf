"""Stacked hourglass networks for human pose estimation, in Keras 3."""

from keras_hourglass.callbacks.pckh import PCKhCallback
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.pose import Pose
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.metrics import PCKh
from keras_hourglass.models.fusion.network import fuse
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.skeletons import Skeleton

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
