"""Reading a video, or what a camera sees, frame by frame."""

import os
from pathlib import Path

import cv2

from keras_hourglass.data.picture.opening import MOST_PIXELS

SLOWEST, FASTEST, USUAL = 1.0, 240.0, 25.0  # frames per second; of a file that lies
LACKING = 0.05  # share of the frames that a header may promise in vain: many count ill

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors here name the file


class BrokenVideo(ValueError):
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
                raise BrokenVideo(f"{self.name} cannot be opened: no file")
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
        if not self._capture.isOpened() or not 0 < width * height <= MOST_PIXELS:
            self.close()
            what = "there is none, or it is in use" if self.is_camera else "no video"
            raise BrokenVideo(f"{self.name} cannot be opened: {what}")
        self.fps = fps if SLOWEST <= fps <= FASTEST else USUAL
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
            raise BrokenVideo(f"{self.name} ends after {number:,}{promised} frames")

    def _next(self):
        try:
            return self._capture.read()[1]
        except cv2.error:  # of a frame that is damaged
            return None

    def close(self):
        """Lets go of the file or the camera."""
        self._capture.release()
