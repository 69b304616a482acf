"""From pictures to joints: the front door for those who have a trained network."""

from keras_hourglass.predict.estimator import PoseEstimator
from keras_hourglass.predict.finder import Finder, find
from keras_hourglass.predict.loading import load
from keras_hourglass.predict.pose import Pose

__all__ = ["Finder", "Pose", "PoseEstimator", "find", "load"]
