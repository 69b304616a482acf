"""Joints drawn as heatmaps and read back from them, on any backend of Keras.

A heatmap is `(..., height, width, joints)`; its grid's size is (width, height).
"""

from keras_hourglass.heatmaps.decoders import DECODERS, DEFAULT, checked
from keras_hourglass.heatmaps.drawing import encode
from keras_hourglass.heatmaps.reading import decode

__all__ = ["DECODERS", "DEFAULT", "checked", "decode", "encode"]
