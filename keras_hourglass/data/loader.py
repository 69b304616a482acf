"""Batch after batch: people's pictures are read, then sampled."""

import math
from threading import Lock

import numpy as np

from keras_hourglass.data.images import decoding, safety
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.geometry import Window

ALIGNMENT = 64  # bytes


def read_reduced(
    path: str, window: Window, size: tuple[int, int], data=None
) -> ImageRegion:
    """Reads a whole picture with OpenCV, smaller if the window allows."""
    return decoding.read_region(path, data, decoding.choose_reduction(window, size))


class Loader:
    """Gives samples by (index, epoch), from any thread.

    Args:
        sampler: What makes samples of pixels.
        broken: Of pictures. "error" raises, with the person's name. "skip" gives a
            black image of which nothing is scored, and counts it in `failures`.
        read_window: Reads the pixels under a window: (path, window, size,
            bytes of the file) -> `Region`.

    Attributes:
        failures: Picture -> why it could not be read.
    """

    def __init__(self, sampler: Preprocessor, broken="error", read_window=read_reduced):
        self.sampler, self.broken, self.read_window = sampler, broken, read_window
        self.failures: dict[str, str] = {}
        self._lock = Lock()

    def __len__(self):
        return len(self.sampler.people)

    def load(self, index: int, epoch: int = 0):
        """Image `(height, width, 3)` uint8 and label `(joints, 4)` float32."""
        images, labels = self.load_batch([(epoch, index)])
        return images[0], labels[0]

    def load_batch(self, places) -> tuple[np.ndarray, np.ndarray]:
        """Samples of (epoch, index) pairs, stacked; of None, at the end, of nobody.

        Where a picture cannot be read and that is no error, the image is black, and
        nothing of the label is scored. Nobody looks like that, too.
        """
        places, sampler = [*places], self.sampler
        somebody = [place for place in places if place is not None]
        width, height = sampler.image_size
        joints = len(sampler.people.skeleton.joints)
        images = _aligned_zeros((len(places), height, width, 3))
        labels = np.zeros((len(places), joints, 4), "float32")
        if not somebody:
            return images, labels
        views, rows = sampler.views(somebody), [index for _, index in somebody]
        labels[: len(rows)] = sampler.labels(rows, views)
        for row, view, image, label in zip(rows, views, images, labels):
            region = self._read_or_count(row, view.window)
            if region is None:
                label[:] = 0
                continue
            lent = view.limb and self._read_or_count(view.limb.index, view.limb.window)
            sampler.paint(sampler.cut(region, view, image), view, lent)
        return images, labels

    def read(self, index: int, window: Window) -> ImageRegion:
        """The pixels under a window of a person's picture."""
        people = self.sampler.people
        path, reader = people.images[index], people.readers[index]
        if reader is not None:
            return decoding.whole_region(reader(path))
        data = self.contents(path)
        return self.read_window(path, window, self.sampler.image_size, data)

    def contents(self, path: str) -> bytes:
        """The bytes of a picture's file."""
        return safety.read_bytes(path)

    def _read_or_count(self, index, window):
        """The pixels of a picture; None, or an error, and counted if it is broken."""
        try:
            return self.read(index, window)
        except (ImageDecodeError, OSError) as error:
            people = self.sampler.people
            message = f"{people.names[index]}: {error}"
            if self.broken != "skip":
                message += "; `--broken-images skip` goes on without it"
            with self._lock:
                self.failures[people.images[index]] = message
            if self.broken != "skip":
                raise ImageDecodeError(message) from error
            return None


def _aligned_zeros(shape) -> np.ndarray:
    """Zeros, bytes, that begin where TensorFlow wants them: others it would copy."""
    size = math.prod(shape)
    room = np.zeros(size + ALIGNMENT, "uint8")
    first = -room.ctypes.data % ALIGNMENT
    return room[first : first + size].reshape(shape)
