"""Videos, read and written frame by frame: never more than one is in memory."""

from keras_hourglass.video.reading import BrokenVideo, Video
from keras_hourglass.video.writing import CODECS, recording

__all__ = ["CODECS", "BrokenVideo", "Video", "recording"]
