"""Video: reading files, addresses and cameras, frame by frame with their times."""

import os
import time
from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.data.images.safety import MAX_PIXELS
from keras_hourglass.inference.sources import camera_number, is_address
from keras_hourglass.inference.video.containers import is_incomplete

MIN_FPS, MAX_FPS = 0.01, 10_000.0  # headers of damaged files state other rates
DEFAULT_FPS = 25.0  # in place of such a rate
DIGITS = 6  # of times in seconds
MIN_STEP = 1e-3  # seconds between frames that a file gives the same time
RESTART_SECONDS = 0.5  # times that go back by more begin anew, as in joined recordings

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors here name the file


class VideoDecodeError(ValueError):
    """Raised if a file cannot be read as a video, or a camera gives no frame."""


class Frame(np.ndarray):
    """A frame of a video: an array `(height, width, 3)`, uint8, RGB, with its time.

    Args:
        image: The pixels.
        time: Seconds since the first frame.
        index: From 0.

    Attributes:
        image: The pixels as a plain array.
        time: Seconds since the first frame, from the file.
        index: From 0.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    frame = kh.Frame(np.zeros((48, 64, 3), "uint8"), time=0.5, index=12)
    print(frame.shape, frame.time, frame.index)
    ```
    """

    time = index = None

    def __new__(cls, image, time: float, index: int):
        frame = np.asarray(image).view(cls)
        frame.time, frame.index = time, index
        return frame

    def __array_finalize__(self, whole):
        self.time = getattr(whole, "time", None)
        self.index = getattr(whole, "index", None)

    def __reduce__(self):
        return Frame, (self.image, self.time, self.index)

    def __array_wrap__(self, result, context=None, return_scalar=False):
        """Makes what is computed from frames a plain array or number."""
        return np.asarray(result)[()]

    @property
    def image(self) -> np.ndarray:
        """The pixels as a plain array."""
        return self.view(np.ndarray)


class FrameClock:
    """Times of frames in seconds since the first, each later than the one before.

    Args:
        fps: Frames per second where a file states no times, as raw streams do.
    """

    def __init__(self, fps: float):
        self._step, self._start, self._last, self._timed = 1 / fps, 0.0, None, False

    def __call__(self, stated: float) -> float:
        """Returns the time of the next frame, for which the file states `stated`."""
        if self._last is None:
            self._start, self._last = stated, 0.0
            return self._last
        # Times are fractions of a second, which OpenCV multiplies: 0.30000000000000004.
        last, time = self._last, round(stated - self._start, DIGITS)
        if time > last:
            self._timed, self._step = True, time - last
        elif not self._timed or not stated:  # a frame without a time is given 0
            time = last + self._step
        elif time < last - RESTART_SECONDS:
            time = last + self._step
            self._start = stated - time
        else:
            time = last + MIN_STEP
        self._last = time
        return time


class Video:
    """A video file, an address or a camera, read once from the first frame on.

    Iterating yields each `Frame`, an array `(height, width, 3)`, uint8, RGB, with its
    time, rotated as the file's metadata says. A video can be given to
    `PoseEstimator.stream`. Until it is read, a file or an address can be pickled and
    copied: each copy opens it anew.

    Args:
        source: The path of a file; an address that starts with `http://`, `https://`
            or `rtsp://`; or the number of a camera, or `/dev/video` and its number.

    Attributes:
        name: The path, the address, or "camera 0".
        fps: Frames per second as the header states them, of a variable rate the
            mean. Times of frames do not depend on it.
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

    for frame in kh.Video("film.avi"):
        print(frame.index, frame.time, frame.image.mean())
    for poses in kh.PoseEstimator(detector=None).stream(kh.Video("film.avi")):
        print(poses.time, poses[0]["left_wrist"])
    ```
    """

    def __init__(self, source: Path | str | int):
        self._source, self._begun = source, False
        number = source if isinstance(source, int) else camera_number(source)
        self.is_camera, self._path = number is not None, None
        self.name = f"camera {number}" if self.is_camera else str(source)
        reason = "not a video"
        if self.is_camera:
            if number < 0:  # OpenCV ends the process
                raise VideoDecodeError(f"{self.name} cannot be opened: no such number")
            self._capture, reason = cv2.VideoCapture(number), "missing or in use"
        elif is_address(source):
            self._capture = cv2.VideoCapture(self.name, cv2.CAP_FFMPEG)
            reason = "no answer, or not a video"
        else:
            # An absolute path is never taken for an address on the network.
            self._path = Path(source).resolve(strict=True)
            if not self._path.is_file():  # reading a pipe might never end
                raise VideoDecodeError(f"{self.name} cannot be opened: not a file")
            self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)  # not so in OpenCV 4.11
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
            raise VideoDecodeError(f"{self.name} cannot be opened: {reason}")
        self.fps = fps if MIN_FPS <= fps <= MAX_FPS else DEFAULT_FPS
        self.count = int(count) if count > 0 and not self.is_camera else None

    def __reduce__(self):
        if self.is_camera or self._begun or not self._capture.isOpened():
            state = "a camera" if self.is_camera else "closed, or read"
            raise TypeError(f"{self.name} is {state}: it cannot be pickled or copied")
        return Video, (self._source,)

    def __iter__(self):
        """Yields each `Frame`.

        Raises:
            VideoDecodeError: If it is closed, as it is once it has been read; after
                the last frame, if the file is truncated, or there was no frame.
        """
        if not self._capture.isOpened():
            raise VideoDecodeError(f"{self.name} is closed, or read: open it again")
        number, clock, self._begun = 0, FrameClock(self.fps), True
        try:
            while (pixels := self._read()) is not None:
                pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
                yield Frame(pixels, clock(self._stated_time()), number)
                number += 1
        finally:
            self.close()
        # The count alone tells nothing: some headers count frames that are cut off,
        # and others have OpenCV multiply the length of the sound by a rate.
        if not number or (self._path and is_incomplete(self._path)):
            raise VideoDecodeError(self._describe_end(number))

    def _describe_end(self, number):
        """Describes an early end, after a number of frames."""
        cause = ": the file is truncated" if number else ""
        if is_address(self.name):  # OpenCV reads the index at its end, then goes back
            cause = ": its server may not serve parts of files; download it"
        short = self.count and number < self.count
        stated = f" of {self.count:,}" if short else ""
        return f"{self.name} ends after {number:,}{stated} frames{cause}"

    def _read(self):
        try:
            return self._capture.read()[1]
        except cv2.error:  # a damaged frame
            return None

    def _stated_time(self):
        """Returns the seconds that the file states for the frame just read, or now."""
        if self.is_camera:
            return time.monotonic()
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000

    def close(self):
        """Releases the file or the camera."""
        self._capture.release()


def read_times(path) -> list[float]:
    """Reads the times of a file's frames, in order, without decoding them.

    Args:
        path: Of a video file.

    Returns:
        Seconds since the first frame.
    """
    undecoded = [int(cv2.CAP_PROP_FORMAT), -1]
    capture = cv2.VideoCapture(str(Path(path).resolve()), cv2.CAP_FFMPEG, undecoded)
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    capture.release()
    start = min(times, default=0.0)
    return [time - start for time in sorted(times)]
