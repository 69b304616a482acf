"""Runtimes: the programs that run networks, each in a file. One table, `RUNTIMES`.

They read what `export` has written, and Keras its own files. `selection` finds the
runtime of a network.
"""

from keras_hourglass.inference.runtimes.keras import Keras
from keras_hourglass.inference.runtimes.litert import LiteRT
from keras_hourglass.inference.runtimes.onnx import Onnx
from keras_hourglass.inference.runtimes.openvino import OpenVino
from keras_hourglass.inference.runtimes.savedmodel import SavedModel

RUNTIMES = {
    "keras": Keras,
    "litert": LiteRT,
    "onnx": Onnx,
    "openvino": OpenVino,
    "savedmodel": SavedModel,
}
