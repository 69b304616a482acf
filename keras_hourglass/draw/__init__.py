"""Skeletons and heatmaps drawn on pictures, and pictures laid out on a sheet."""

from keras_hourglass.draw.canvas import encoded, png
from keras_hourglass.draw.colours import COLOURS, MIDDLE, colour
from keras_hourglass.draw.figure import skeleton
from keras_hourglass.draw.heat import heatmap
from keras_hourglass.draw.sheets import fitted, sheet

__all__ = [
    "COLOURS",
    "MIDDLE",
    "colour",
    "encoded",
    "fitted",
    "heatmap",
    "png",
    "sheet",
    "skeleton",
]
