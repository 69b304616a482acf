"""Frames: the pixels of images, videos and cameras, one after another."""

import sys
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import MAX_BYTES
from keras_hourglass.inference.sources import STDIN, Failures, InputSource
from keras_hourglass.inference.video import Video
from keras_hourglass.utils.files import describe_os_error


class InputFrame(NamedTuple):
    """An image, or a frame of a video or camera.

    Attributes:
        source: The source that it belongs to.
        pixels: `(height, width, 3)`, uint8, RGB.
        index: From 0; None for an image.
        seconds: Time since the first frame, as the file states it.
        fps: Frames per second of the video or camera, as its header states them.
        total: Number of frames in the video, as its header states it.
    """

    source: InputSource
    pixels: np.ndarray
    index: int | None = None
    seconds: float = 0.0
    fps: float | None = None
    total: int | None = None


def read_frames(sources, failures: Failures, stopped=lambda: False):
    """Yields each `InputFrame` of each source, one in memory at a time.

    Args:
        sources: An iterable of `InputSource`.
        failures: Collects sources that cannot be read, or not to their end. One that
            failed elsewhere, as in a detector, is not read further.
        stopped: Function that ends the reading of a camera when it gives True.
    """
    for source in sources:
        try:
            for frame in READERS[source.kind](source):
                yield frame
                if source in failures.sources:
                    break
                if source.kind == "camera" and stopped():
                    return
        except (OSError, ValueError) as error:
            failures.add(_describe(error), source)


def _read_image(source):
    name, data = source.name, None
    if name == STDIN:
        name, data = "the standard input", sys.stdin.buffer.read(MAX_BYTES)
    yield InputFrame(source, decoding.read_region(name, data).pixels)


def _read_video(source):
    is_number = source.kind == "camera" and source.name.isdecimal()
    video = Video(int(source.name) if is_number else source.name)
    for frame in video:
        yield InputFrame(
            *(source, frame.image, frame.index, frame.time, video.fps, video.count)
        )


def _describe(error) -> str:
    """The message of an error, with the file's name."""
    return describe_os_error(error) if isinstance(error, OSError) else str(error)


READERS = {"image": _read_image, "video": _read_video, "camera": _read_video}
