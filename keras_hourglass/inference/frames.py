"""The pixels of what is to be looked at, one picture or frame after another."""

import sys
import time
from functools import partial
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import MAX_BYTES
from keras_hourglass.inference.sources import STDIN, InputSource
from keras_hourglass.inference.video import Video


class Frame(NamedTuple):
    """A picture, or a frame of a video or camera.

    Attributes:
        source: Of what.
        pixels: `(height, width, 3)`, uint8, RGB.
        frame: Its number from 0; None of a picture.
        seconds: When it is seen, from the first frame on.
        fps: Frames per second of the video.
        count: Frames of the video, as far as its header knows.
    """

    source: InputSource
    pixels: np.ndarray
    frame: int | None = None
    seconds: float = 0.0
    fps: float | None = None
    count: int | None = None


def read_frames(sources, fail, stopped=lambda: False):
    """Yields every `Shot`; but for one, none is kept in memory.

    Args:
        sources: What to look at, in turn.
        fail: What to call with why one of them could not be read, or not to its end.
        stopped: Tells when a camera was looked at for long enough.
    """
    readers = {**READERS, "camera": partial(_camera, stopped=stopped)}
    for source in sources:
        try:
            yield from readers[source.kind](source)
        except (OSError, ValueError) as error:
            fail(_reason(error))


def _picture(source):
    name, data = source.name, None
    if name == STDIN:
        name, data = "the standard input", sys.stdin.buffer.read(MAX_BYTES)
    yield Frame(source, decoding.read_region(name, data).pixels)


def _video(source):
    video = Video(source.name)
    for frame, pixels in enumerate(video):
        yield Frame(source, pixels, frame, frame / video.fps, video.fps, video.count)


def _camera(source, stopped):
    camera, begun = Video(int(source.name)), None
    for frame, pixels in enumerate(camera):
        now = time.monotonic()
        begun = now if begun is None else begun
        yield Frame(source, pixels, frame, now - begun, camera.fps)
        if stopped():
            return


def _reason(error) -> str:
    """An error in words, with the file's name."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


READERS = {"picture": _picture, "video": _video}
