"""Writing a video frame by frame; there is a whole one in the end, or none."""

from contextlib import contextmanager
from pathlib import Path

import cv2

from keras_hourglass.choices import hint
from keras_hourglass.replacing import replacing

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
def recording(path, fps: float):
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
        raise ValueError(f"`path` must end in one of a video. {hint(ending, CODECS)}")
    with replacing(path) as beside:
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
