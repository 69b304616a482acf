"""Reading a video, or what a camera sees, frame by frame.

Writing a video frame by frame; there is a whole one in the end, or none.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import cv2

from keras_hourglass.data.images.safety import MAX_PIXELS
from keras_hourglass.utils import atomic_write, suggest

MIN_FPS, MAX_FPS, DEFAULT_FPS = (
    1.0,
    240.0,
    25.0,
)  # frames per second; of a file that lies
LACKING = 0.05  # share of the frames that a header may promise in vain: many count ill

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors here name the file


class VideoDecodeError(ValueError):
    """A file that cannot be read as a video, or a camera that shows nothing."""


class Video:
    """A video that is read once, from its first frame on: iterate over it.

    Args:
        source: The path of a file, or the number of a camera.

    Attributes:
        name: What it is called.
        fps: Frames per second.
        count: Frames that its header promises; None where nobody knows.

    Raises:
        OSError: If there is no such file.
        BrokenVideo: If it cannot be opened.
    """

    def __init__(self, source: Path | int):
        self.is_camera = isinstance(source, int)
        self.name = f"camera {source}" if self.is_camera else str(source)
        if self.is_camera:
            self._capture = cv2.VideoCapture(source)
        else:
            # Whole, so that no name is taken for an address on the network.
            path = Path(source).resolve(strict=True)
            if not path.is_file():  # of a pipe, the end may never come
                raise VideoDecodeError(f"{self.name} cannot be opened: no file")
            self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        width, height, fps, count = map(
            self._capture.get,
            (
                cv2.CAP_PROP_FRAME_WIDTH,
                cv2.CAP_PROP_FRAME_HEIGHT,
                cv2.CAP_PROP_FPS,
                cv2.CAP_PROP_FRAME_COUNT,
            ),
        )
        if not self._capture.isOpened() or not 0 < width * height <= MAX_PIXELS:
            self.close()
            what = "there is none, or it is in use" if self.is_camera else "no video"
            raise VideoDecodeError(f"{self.name} cannot be opened: {what}")
        self.fps = fps if MIN_FPS <= fps <= MAX_FPS else DEFAULT_FPS
        self.count = int(count) if count > 0 and not self.is_camera else None

    def __iter__(self):
        """Yields frames `(height, width, 3)`, uint8, RGB, turned as they are shown.

        Raises:
            BrokenVideo: After the last, if there are far fewer than promised.
        """
        number = 0
        try:
            while (frame := self._next()) is not None:
                number += 1
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            self.close()
        if number < (1 - LACKING) * (self.count or 1):
            promised = f" of {self.count:,}" if self.count else ""
            raise VideoDecodeError(
                f"{self.name} ends after {number:,}{promised} frames"
            )

    def _next(self):
        try:
            return self._capture.read()[1]
        except cv2.error:  # of a frame that is damaged
            return None

    def close(self):
        """Lets go of the file or the camera."""
        self._capture.release()


# Ending -> what its frames are packed with, of all that OpenCV's wheels can write.
# Browsers show .webm alone: wheels have no encoder for H.264.
CODECS = {
    ".mp4": "mp4v",
    ".mov": "mp4v",
    ".mkv": "mp4v",
    ".avi": "MJPG",
    ".webm": "VP80",
}


@contextmanager
def VideoWriter(path, fps: float):
    """Gives a function that takes frames, one after another, for a video.

    It takes the place of `path` at the end, if at least one frame came and nothing
    went wrong; a stop before leaves no file, and an old one as it was.

    Args:
        path: Its ending is one of `CODECS`.
        fps: Frames per second.

    Raises:
        ValueError: If the ending is none of them, or frames differ in size.
        OSError: If it could not be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in CODECS:
        raise ValueError(
            f"`path` must end in one of a video. {suggest(ending, CODECS)}"
        )
    with atomic_write(path) as beside:
        writer = _Writer(beside, CODECS[ending], fps)
        try:
            yield writer.write
        finally:
            writer.close()
        if not writer.count:
            raise ValueError(f"{path} was not written: there is no frame")
        writer.check(path)


class _Writer:
    """Opens the file once the first frame tells its size."""

    def __init__(self, path, codec, fps):
        self.path, self.codec, self.fps = path, codec, fps
        self.count, self.size, self._writer = 0, None, None

    def write(self, frame):
        """Takes a frame `(height, width, 3)`, uint8, RGB."""
        size = frame.shape[1::-1]
        if self._writer is None:
            self.size = size
            even = tuple(side + side % 2 for side in size)  # as the codecs want it
            self._writer = cv2.VideoWriter(
                str(self.path.absolute()),
                cv2.CAP_FFMPEG,
                cv2.VideoWriter_fourcc(*self.codec),
                self.fps,
                even,
            )
            if not self._writer.isOpened():
                raise OSError(f"{self.path.parent} takes no video of {size} pixels")
        if size != self.size:
            raise ValueError(
                f"frames must be alike. Received: {size} pixels after {self.size}"
            )
        right, below = size[0] % 2, size[1] % 2
        frame = cv2.copyMakeBorder(frame, 0, below, 0, right, cv2.BORDER_REPLICATE)
        self._writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        self.count += 1

    def close(self):
        if self._writer is not None:
            self._writer.release()

    def check(self, path):
        """Asks the file for its frames: the writer keeps a full disk to itself."""
        written = cv2.VideoCapture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        count = written.get(cv2.CAP_PROP_FRAME_COUNT)
        written.release()
        if count < self.count - 1:
            raise OSError(f"{path} could not be written: is the disk full?")
