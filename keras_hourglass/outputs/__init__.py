"""What becomes of joints that were found: data of several kinds, and drawings."""

from keras_hourglass.outputs.drawings import IMAGES, drawing
from keras_hourglass.outputs.formats import ENDINGS, FORMATS, opened

__all__ = ["ENDINGS", "FORMATS", "IMAGES", "drawing", "opened"]
