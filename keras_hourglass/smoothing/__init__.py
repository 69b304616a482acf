"""Joints that do not tremble from one frame of a video to the next."""

from keras_hourglass.smoothing.one_euro import OneEuro
from keras_hourglass.smoothing.people import Smoother

__all__ = ["OneEuro", "Smoother"]
