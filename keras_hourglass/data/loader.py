"""One sample after another: reading a person's picture, then sampling it."""

from threading import Lock

import numpy as np

from keras_hourglass.data import picture
from keras_hourglass.data.picture import BrokenPicture, Region
from keras_hourglass.data.sample import Sampler
from keras_hourglass.geometry import Crop


def read_reduced(path: str, window: Crop, size: tuple[int, int]) -> Region:
    """Reads a whole picture with OpenCV, smaller if the window allows."""
    return picture.read(path, reduction=picture.reduction_for(window, size))


class Loader:
    """Gives samples by (index, epoch), from any thread.

    Args:
        sampler: What makes samples of pixels.
        broken: Of pictures. "error" raises, with the person's name. "skip" gives a
            black image of which nothing is scored, and counts it in `failures`.
        read_window: Reads the pixels under a window: (path, window, size) -> `Region`.

    Attributes:
        failures: Picture -> why it could not be read.
    """

    def __init__(self, sampler: Sampler, broken="error", read_window=read_reduced):
        self.sampler, self.broken, self.read_window = sampler, broken, read_window
        self.failures: dict[str, str] = {}
        self._lock = Lock()

    def __len__(self):
        return len(self.sampler.people)

    def load(self, index: int, epoch: int = 0):
        """Image `(height, width, 3)` uint8 and label `(joints, 4)` float32."""
        view = self.sampler.view(index, epoch)
        region = self._read_or_count(index, view.window)
        if region is None:
            return self._nothing()
        lent = view.limb and self._read_or_count(view.limb.index, view.limb.window)
        return self.sampler.sample(region, index, view, lent)

    def read(self, index: int, window: Crop) -> Region:
        """The pixels under a window of a person's picture."""
        people = self.sampler.people
        path, reader = people.pictures[index], people.readers[index]
        if reader is not None:
            return picture.whole(reader(path))
        return self.read_window(path, window, self.sampler.image_size)

    def load_batch(self, places) -> tuple[np.ndarray, np.ndarray]:
        """Samples of (epoch, index) pairs, stacked."""
        images, labels = zip(*(self.load(index, epoch) for epoch, index in places))
        return np.stack(images), np.stack(labels)

    def _read_or_count(self, index, window):
        """The pixels of a picture; None, or an error, and counted if it is broken."""
        try:
            return self.read(index, window)
        except (BrokenPicture, OSError) as error:
            people = self.sampler.people
            message = f"{people.names[index]}: {error}"
            if self.broken != "skip":
                message += "; `--broken-images skip` goes on without it"
            with self._lock:
                self.failures[people.pictures[index]] = message
            if self.broken != "skip":
                raise BrokenPicture(message) from error
            return None

    def _nothing(self):
        """A black image, of which nothing is scored."""
        width, height = self.sampler.image_size
        label = np.zeros((len(self.sampler.people.skeleton.joints), 4), "float32")
        return np.zeros((height, width, 3), "uint8"), label
