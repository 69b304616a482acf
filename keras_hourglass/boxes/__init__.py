"""Where the people of pictures are, as files of many kinds say it."""

from keras_hourglass.boxes.found import Boxes, boxes
from keras_hourglass.boxes.reading import read

__all__ = ["Boxes", "boxes", "read"]
