"""Video encoders: PyAV at any times, with sound; OpenCV at a constant rate, without.

PyAV (extra `video`) brings x264, whose H.264 browsers play. OpenCV's wheels have no
encoder for it: browsers play its .webm alone.
"""

import logging
import math
import os
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.inference.video.reader import read_times
from keras_hourglass.inference.video.sound import SoundTracks
from keras_hourglass.utils import silence
from keras_hourglass.utils.files import (
    CAUSES,
    name_write_errors,
    require_space,
    suffix_of,
)

# Suffix -> codec of those that OpenCV's wheels can encode.
CODECS = {
    ".mp4": "mp4v",
    ".mov": "mp4v",
    ".mkv": "mp4v",
    ".avi": "MJPG",
    ".webm": "VP80",
}
H264 = "libx264", {"crf": "18", "preset": "veryfast", "bf": "0"}
VP8 = "libvpx", {"crf": "10", "b": "20M", "deadline": "realtime", "cpu-used": "4"}
# Suffix -> encoder of PyAV and its options. The times of AVI are constant anyway.
# Without B-frames, packets come in the order of their times, which gives durations.
PYAV_CODECS = {".mp4": H264, ".mov": H264, ".mkv": H264, ".webm": VP8}
TIME_BASE = Fraction(1, 90_000)  # seconds: that of MPEG, a multiple of usual rates
MAX_DENOMINATOR = 1001  # of rates such as 30000 / 1001

MAX_RATE = 120.0  # of the quickest parts of a file, which slower parts are repeated for
MAX_LAG = 2.0  # frames by which a frame may be late at a constant rate
SAME_STEP = 1.5  # steps up to this multiple of the shortest ones are regular
BUFFER_SIZE = 2**16  # bytes, above those that FFmpeg writes at a time

logger = logging.getLogger(__name__)


def open_encoder(path, partial, size: tuple[int, int], fps: float, source=None):
    """Opens the best encoder that is installed.

    Args:
        path: Of the video, for messages.
        partial: Path to write to.
        size: Width and height, both even.
        fps: Frames per second, of a variable rate the mean.
        source: Path of the video file that the frames come from, if there is one.

    Returns:
        An encoder with `write(frame, time)` and `close()`.

    Raises:
        OSError: If the file cannot be written.
    """
    suffix = suffix_of(path)
    if suffix in PYAV_CODECS:
        try:
            return PyAVEncoder(path, partial, size, fps, source)
        except ImportError:
            pass
    if CODECS[suffix] == "mp4v":
        logger.info(
            "%s is MPEG-4 Part 2 without sound, which browsers do not play. For H.264 "
            "with sound: pip install '.[video]'; or write .webm",
            path,
        )
    return ConstantRateEncoder(path, partial, size, fps, source)


class PyAVEncoder:
    """Encodes frames at their own times, and copies the sound of their source.

    Args: See `open_encoder`.

    Raises:
        ImportError: If PyAV is not installed.
        OSError: If the file cannot be written.
    """

    def __init__(self, path, partial, size, fps, source):
        import av

        self._av, self.path = av, path
        suffix = suffix_of(path)
        codec, options = PYAV_CODECS[suffix]
        moov_first = {"movflags": "faststart"} if suffix in (".mp4", ".mov") else {}
        self._pending, self._step = None, round(1 / (fps * TIME_BASE))
        with self._translate():
            self._file = av.open(str(partial), "w", options=moov_first)
            rate = Fraction(fps).limit_denominator(MAX_DENOMINATOR) or Fraction(1, 100)
            self._stream = self._file.add_stream(codec, rate=rate, options=options)
            self._stream.width, self._stream.height = size
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = TIME_BASE
            self._sound = self._open_sound(source, suffix) if source else None
            self._file.start_encoding()

    def _open_sound(self, source, suffix):
        try:
            return SoundTracks(source, self._file, suffix)
        except self._av.FFmpegError as error:
            logger.warning("%s: its sound is left out: %s", source, error)
            return None

    def write(self, frame, time: float):
        """Encodes a frame `(height, width, 3)`, uint8, RGB, at its time."""
        if self._sound:
            time += self._sound.video_start
        image = self._av.VideoFrame.from_ndarray(frame, format="rgb24")
        image.pts, image.time_base = round(time / TIME_BASE), TIME_BASE
        with self._translate():
            self._mux(self._stream.encode(image))
            if self._sound:
                self._sound.write_until(time)

    def _mux(self, packets):
        """Writes packets, each when the next one says how long its frame lasts."""
        for packet in packets:
            if self._pending is not None:
                self._step = packet.pts - self._pending.pts
                self._flush()
            self._pending = packet

    def _flush(self):
        self._pending.duration = self._step
        self._file.mux(self._pending)
        self._pending = None

    def close(self):
        """Completes the file; the last frame lasts as long as the one before it."""
        with self._translate():
            try:
                self._mux(self._stream.encode(None))
                if self._pending is not None:
                    self._flush()
                if self._sound:
                    self._sound.write_until(math.inf)
            finally:
                if self._sound:
                    self._sound.close()
                self._file.close()

    @contextmanager
    def _translate(self):
        try:
            yield
        except self._av.FFmpegError as error:
            if isinstance(error, OSError) and error.errno in CAUSES:
                text = os.strerror(error.errno)
                raise OSError(error.errno, text, str(self.path)) from error
            raise OSError(f"{self.path} could not be written: {error}") from error


class ConstantRateEncoder:
    """Encodes with OpenCV, whose files have a constant rate: frames are repeated.

    Args: See `open_encoder`.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path, partial, size, fps, source):
        self.path, self._partial = path, str(partial)
        self.rate = choose_rate(read_times(source), fps) if source else fps
        codec = cv2.VideoWriter_fourcc(*CODECS[suffix_of(path)])
        with silence(2):  # OpenCV remarks on the FourCC of WebM, which has none
            self._writer = cv2.VideoWriter(
                self._partial, cv2.CAP_FFMPEG, codec, self.rate, size
            )
        if not self._writer.isOpened():
            with name_write_errors(path, partial):  # OpenCV does not say why
                Path(partial).write_bytes(b"\0")
            raise OSError(f"{path} cannot be a video of {size[0]} x {size[1]} pixels")
        self._written = self._given = self._dropped = 0
        self._last = None

    def write(self, frame, time: float):
        """Encodes a frame `(height, width, 3)`, uint8, RGB, at its time.

        The frame before is repeated until then. A frame that would be late is moved
        by up to `MAX_LAG` places, and then left out.
        """
        self._given += 1
        place = math.ceil(time * self.rate - 0.5)
        if self._written > place + MAX_LAG:
            self._dropped += 1
            return
        while self._last is not None and self._written < place:
            self._append(self._last)
        self._last = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        self._append(self._last)

    def _append(self, pixels):
        self._writer.write(pixels)
        self._written += 1

    def close(self):
        """Completes the file, and says how frames and rate differ from the source.

        Raises:
            OSError: If it lacks frames: OpenCV does not report a full disk.
        """
        self._writer.release()
        written = cv2.VideoCapture(self._partial, cv2.CAP_FFMPEG)
        count = written.get(cv2.CAP_PROP_FRAME_COUNT)
        written.release()
        # Of a file that is cut off, the count may be the whole one.
        require_space(self.path.parent, BUFFER_SIZE)
        if count < self._written - 1:
            raise OSError(f"{self.path} could not be written: is the disk full?")
        repeated = self._written - self._given + self._dropped
        if repeated or self._dropped:
            dropped = f", {self._dropped:,} left out" if self._dropped else ""
            logger.info(
                f"{self.path}: {self._given:,} frames at a constant rate of "
                f"{self.rate:g} per second: {repeated:,} repeated{dropped} to keep "
                "their times"
            )


def choose_rate(times, fps: float) -> float:
    """Chooses a constant rate at which each frame has a place near its time.

    Args:
        times: Seconds, ascending.
        fps: The rate of a single frame.

    Returns:
        Frames per second: the rate of the quickest parts, at most `MAX_RATE` unless
        the mean is higher.
    """
    steps = np.diff(np.unique(times))
    if not len(steps):
        return fps
    regular = steps[steps <= SAME_STEP * np.percentile(steps, 5)]
    rate = min(1 / regular.mean(), max(MAX_RATE, 1 / steps.mean()))
    return round(float(rate), 3)
