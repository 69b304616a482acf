"""Videos: reading with times, writing, and what containers say about themselves."""

from keras_hourglass.inference.video.encoders import CODECS as CODECS
from keras_hourglass.inference.video.reader import Frame as Frame
from keras_hourglass.inference.video.reader import Video as Video
from keras_hourglass.inference.video.reader import VideoDecodeError as VideoDecodeError
from keras_hourglass.inference.video.writer import VideoWriter as VideoWriter
