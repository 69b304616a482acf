"""What becomes of joints that were found: data of several kinds, and drawings."""

from keras_hourglass.outputs.drawings import drawing, drawn, save
from keras_hourglass.outputs.formats import FORMATS, opened
from keras_hourglass.outputs.planning import Plan, plan

__all__ = ["FORMATS", "Plan", "drawing", "drawn", "opened", "plan", "save"]
