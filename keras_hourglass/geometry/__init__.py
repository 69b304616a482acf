"""What a pixel is, and where things lie on pictures: the only room that knows."""

from keras_hourglass.geometry.boxes import covering_box, whole_blocks, whole_steps
from keras_hourglass.geometry.crop import Crop, steadied

__all__ = ["Crop", "covering_box", "steadied", "whole_blocks", "whole_steps"]
