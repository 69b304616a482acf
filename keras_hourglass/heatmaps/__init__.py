"""Joints drawn as heatmaps and read back from them, on any backend of Keras.

A heatmap is `(..., height, width, joints)`; its grid's size is (width, height).
"""

from keras_hourglass.heatmaps.decode import DECODERS, DEFAULT, checked, decode
from keras_hourglass.heatmaps.encode import encode

__all__ = ["DECODERS", "DEFAULT", "checked", "decode", "encode"]
