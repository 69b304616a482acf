"""Video: reading files and cameras, and writing files."""

import os
from contextlib import ExitStack
from pathlib import Path

import cv2

from keras_hourglass.data.images.safety import MAX_PIXELS
from keras_hourglass.utils import atomic_write, suggest

MIN_FPS, MAX_FPS = 1.0, 240.0  # headers of damaged files state other rates
DEFAULT_FPS = 25.0  # in place of such a rate
MAX_MISSING_RATIO = 0.05  # of the frames a header states: many headers are inexact

# Suffix -> codec, of those that OpenCV's wheels can encode. They have no encoder for
# H.264, so browsers show .webm alone.
CODECS = {
    ".mp4": "mp4v",
    ".mov": "mp4v",
    ".mkv": "mp4v",
    ".avi": "MJPG",
    ".webm": "VP80",
}

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors here name the file


class VideoDecodeError(ValueError):
    """Raised if a file cannot be read as a video, or a camera gives no frame."""


class Video:
    """A video file or a camera, read once from the first frame on.

    Iterating yields frames `(height, width, 3)`, uint8, RGB, rotated as the file's
    metadata says, so it can be given to `PoseEstimator.stream`.

    Args:
        source: The path of a file, or the number of a camera.

    Attributes:
        name: The path, or "camera 0".
        fps: Frames per second.
        count: Number of frames that the file's header states; None if unknown.

    Raises:
        OSError: If there is no such file.
        VideoDecodeError: If it cannot be opened as a video.

    Example:

    ```python
    import cv2
    import numpy as np
    import keras_hourglass as kh

    codec = cv2.VideoWriter_fourcc(*"MJPG")
    writer = cv2.VideoWriter("film.avi", codec, 25, (64, 48))
    for value in range(5):
        writer.write(np.full((48, 64, 3), 40 * value, "uint8"))
    writer.release()

    video = kh.Video("film.avi")
    print(video.fps, video.count)
    for (pose,) in kh.PoseEstimator().stream(video):
        print(pose["left_wrist"])
    ```
    """

    def __init__(self, source: Path | str | int):
        self.is_camera = isinstance(source, int)
        self.name = f"camera {source}" if self.is_camera else str(source)
        if self.is_camera:
            self._capture = cv2.VideoCapture(source)
        else:
            # An absolute path is never taken for an address on the network.
            path = Path(source).resolve(strict=True)
            if not path.is_file():  # reading a pipe might never end
                raise VideoDecodeError(f"{self.name} cannot be opened: not a file")
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
            reason = "missing or in use" if self.is_camera else "not a video"
            raise VideoDecodeError(f"{self.name} cannot be opened: {reason}")
        self.fps = fps if MIN_FPS <= fps <= MAX_FPS else DEFAULT_FPS
        self.count = int(count) if count > 0 and not self.is_camera else None

    def __iter__(self):
        """Yields frames `(height, width, 3)`, uint8, RGB.

        Raises:
            VideoDecodeError: After the last frame, if there are far fewer than the
                header states.
        """
        number = 0
        try:
            while (frame := self._read()) is not None:
                number += 1
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            self.close()
        if number < (1 - MAX_MISSING_RATIO) * (self.count or 1):
            stated = f" of {self.count:,}" if self.count else ""
            raise VideoDecodeError(f"{self.name} ends after {number:,}{stated} frames")

    def _read(self):
        try:
            return self._capture.read()[1]
        except cv2.error:  # a damaged frame
            return None

    def close(self):
        """Releases the file or the camera."""
        self._capture.release()


class VideoWriter:
    """Writes a video, frame by frame.

    A context manager: the video replaces `path` at the end, if at least one frame was
    written and nothing was raised. Otherwise an existing file stays as it was.

    Args:
        path: Its suffix is one of `CODECS`.
        fps: Frames per second.

    Raises:
        ValueError: If the suffix is none of them, no frame was written, or frames
            differ in size.
        OSError: If the file cannot be written.
    """

    def __init__(self, path: Path | str, fps: float):
        self.path, self.fps = Path(path), fps
        suffix = self.path.suffix.lower()
        if suffix not in CODECS:
            raise ValueError(
                f"`path` must end in one of a video. {suggest(suffix, CODECS)} "
                f"Received: path={str(path)!r}"
            )
        self.codec, self.count, self.size = CODECS[suffix], 0, None
        self._writer, self._stack = None, ExitStack()

    def __enter__(self):
        partial = self._stack.enter_context(atomic_write(self.path))
        self._partial = str(partial.absolute())
        return self

    def write(self, frame):
        """Writes a frame `(height, width, 3)`, uint8, RGB."""
        size = frame.shape[1::-1]
        if self._writer is None:
            self._open(size)
        if size != self.size:
            raise ValueError(
                f"frames must have one size. Received: {size} pixels after {self.size}"
            )
        right, bottom = size[0] % 2, size[1] % 2  # codecs need even sides
        frame = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        self._writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        self.count += 1

    def __exit__(self, *error):
        if error[0] is not None:
            self._release()
            return self._stack.__exit__(*error)
        with self._stack:
            self._release()
            self._verify()

    def _open(self, size):
        self.size = size
        self._writer = cv2.VideoWriter(
            self._partial,
            cv2.CAP_FFMPEG,
            cv2.VideoWriter_fourcc(*self.codec),
            self.fps,
            tuple(side + side % 2 for side in size),
        )
        if not self._writer.isOpened():
            raise OSError(
                f"{self.path.parent} cannot be written, or not a video of {size} pixels"
            )

    def _release(self):
        if self._writer is not None:
            self._writer.release()

    def _verify(self):
        """Counts the file's frames: OpenCV's writer does not report a full disk."""
        if not self.count:
            raise ValueError(f"{self.path} was not written: there is no frame")
        written = cv2.VideoCapture(self._partial, cv2.CAP_FFMPEG)
        count = written.get(cv2.CAP_PROP_FRAME_COUNT)
        written.release()
        if count < self.count - 1:
            raise OSError(f"{self.path} could not be written: is the disk full?")
