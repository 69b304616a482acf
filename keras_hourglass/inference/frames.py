"""Frames: the pixels of images, videos and cameras, one after another."""

import sys
import time
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import MAX_BYTES
from keras_hourglass.inference.sources import STDIN, Failures, InputSource
from keras_hourglass.inference.video import Video


class Frame(NamedTuple):
    """An image, or a frame of a video or camera.

    Attributes:
        source: The source that it belongs to.
        pixels: `(height, width, 3)`, uint8, RGB.
        index: From 0; None for an image.
        seconds: Time since the first frame.
        fps: Frames per second of the video or camera.
        total: Number of frames in the video, as its header states it.
    """

    source: InputSource
    pixels: np.ndarray
    index: int | None = None
    seconds: float = 0.0
    fps: float | None = None
    total: int | None = None


def read_frames(sources, failures: Failures, stopped=lambda: False):
    """Yields each `Frame` of each source, one in memory at a time.

    Args:
        sources: An iterable of `InputSource`.
        failures: Collects sources that cannot be read, or not to their end.
        stopped: Function that ends the reading of a camera when it gives True.
    """
    for source in sources:
        try:
            for frame in READERS[source.kind](source):
                yield frame
                if source.kind == "camera" and stopped():
                    return
        except (OSError, ValueError) as error:
            failures.add(_describe(error))


def _read_image(source):
    name, data = source.name, None
    if name == STDIN:
        name, data = "the standard input", sys.stdin.buffer.read(MAX_BYTES)
    yield Frame(source, decoding.read_region(name, data).pixels)


def _read_video(source):
    video = Video(source.name)
    for index, pixels in enumerate(video):
        seconds = index / video.fps
        yield Frame(source, pixels, index, seconds, video.fps, video.count)


def _read_camera(source):
    camera, start = Video(int(source.name)), None
    for index, pixels in enumerate(camera):
        now = time.monotonic()
        start = now if start is None else start
        yield Frame(source, pixels, index, now - start, camera.fps)


def _describe(error) -> str:
    """The message of an error, with the file's name."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


READERS = {"image": _read_image, "video": _read_video, "camera": _read_camera}
