"""Video writing: frames at their own times, with the sound of their source."""

from contextlib import ExitStack, suppress
from pathlib import Path

import cv2

from keras_hourglass.inference.video.encoders import CODECS, open_encoder
from keras_hourglass.utils import suggest
from keras_hourglass.utils.files import atomic_write, suffix_of


class VideoWriter:
    """Writes a video, frame by frame.

    A context manager: the video replaces `path` at the end, if at least one frame was
    written and nothing was raised. Otherwise an existing file stays as it was.

    Args:
        path: Its suffix is one of `CODECS`.
        fps: Frames per second, of frames that are written without a time.
        source: Path of the video file that the frames come from. Where PyAV is
            installed, its sound is copied; else a constant rate is chosen by its times.

    Raises:
        ValueError: If the suffix is none of them, no frame was written, or frames
            differ in size.
        OSError: If the file cannot be written.
    """

    def __init__(self, path: Path | str, fps: float, source: Path | str | None = None):
        self.path, self.fps, self.source = Path(path), fps, source
        suffix = suffix_of(self.path)
        if suffix not in CODECS:
            raise ValueError(
                f"`path` must end in one of a video. {suggest(suffix, CODECS)} "
                f"Received: path={str(path)!r}"
            )
        self.count, self.size = 0, None
        self._encoder, self._stack = None, ExitStack()

    def __enter__(self):
        partial = self._stack.enter_context(atomic_write(self.path))
        self._partial = partial.absolute()
        return self

    def write(self, frame, time: float | None = None):
        """Writes a frame.

        Args:
            frame: `(height, width, 3)`, uint8, RGB.
            time: Seconds since the first frame, later than that of the frame before;
                by default, that of a constant rate.
        """
        size = frame.shape[1::-1]
        if self._encoder is None:
            self._open(size)
        if size != self.size:
            raise ValueError(
                f"frames must have one size. Received: {size} pixels after {self.size}"
            )
        right, bottom = size[0] % 2, size[1] % 2  # codecs need even sides
        frame = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        time = self.count / self.fps if time is None else time
        self._encoder.write(frame, time)
        self.count += 1

    def __exit__(self, *error):
        if error[0] is not None:
            with suppress(OSError):
                self._close()
            return self._stack.__exit__(*error)
        with self._stack:
            if not self.count:
                raise ValueError(f"{self.path} was not written: there is no frame")
            self._close()

    def _open(self, size):
        self.size = size
        even = tuple(side + side % 2 for side in size)
        self._encoder = open_encoder(
            self.path, self._partial, even, self.fps, self.source
        )

    def _close(self):
        if self._encoder is not None:
            self._encoder.close()
