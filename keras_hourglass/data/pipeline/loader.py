"""Loader of samples: reads the images of a batch, then preprocesses them."""

import math

import numpy as np

from keras_hourglass.data.images import decoding, safety
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.pipeline.opencv_threads import ONE_OPENCV_THREAD
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.geometry import Window

ALIGNMENT = 64  # bytes
BROKEN_CHOICES = ("error", "skip")


def read_reduced(
    path: str, window: Window, size: tuple[int, int], data: bytes | None = None
) -> ImageRegion:
    """Reads a whole image with OpenCV, at reduced size if the window allows."""
    return decoding.read_region(path, data, decoding.choose_reduction(window, size))


class Loader:
    """Makes samples by (turn, index), from any thread; see `EpochSampler`.

    Args:
        preprocessor: Makes samples of pixels, of people or of whole photographs.
        broken: Images that cannot be read. "error" raises, with the sample's name.
            "skip" gives a black image with a blank label, which is neither trained
            nor scored, and counts it in `failures`.
        read_window: Function that reads the pixels under a window: (path, window,
            size, bytes of the file) -> `ImageRegion`.

    Attributes:
        failures: Image -> reason why it could not be read.
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        broken: str = "error",
        read_window=read_reduced,
    ):
        if broken not in BROKEN_CHOICES:
            raise ValueError(
                f"`broken` must be one of {BROKEN_CHOICES}. Received: {broken=}"
            )
        self.preprocessor, self.broken = preprocessor, broken
        self.read_window = read_window
        self.failures: dict[str, str] = {}

    def __len__(self):
        return len(self.preprocessor.dataset)

    def load(self, index: int, turn: int = 0):
        """Loads an image `(height, width, 3)`, uint8, and its label, float32."""
        images, labels = self.load_batch([(turn, index)])
        return images[0], labels[0]

    def load_batch(self, places) -> tuple[np.ndarray, np.ndarray]:
        """Loads the samples of (turn, index) pairs, stacked.

        None among the pairs, which must be the last, is padding: a black image with
        a blank label, as that of an image that is skipped.
        """
        with ONE_OPENCV_THREAD:
            return self._load_batch(places)

    def _load_batch(self, places):
        places, preprocessor = [*places], self.preprocessor
        filled = [place for place in places if place is not None]
        width, height = preprocessor.image_size
        images = _aligned_zeros((len(places), height, width, 3))
        labels = np.repeat([preprocessor.blank_label], len(places), axis=0)
        if not filled:
            return images, labels
        params = preprocessor.sample_params(filled)
        rows = [index for _, index in filled]
        labels[: len(rows)] = preprocessor.labels(rows, params)
        for row, p, image, label in zip(rows, params, images, labels):
            region = self._read_or_count(row, p.window)
            if region is None:
                label[:] = preprocessor.blank_label
                continue
            occluder = p.occluder and self._read_or_count(
                p.occluder.index, p.occluder.window
            )
            preprocessor.augment_pixels(
                preprocessor.crop(region, p, image), p, occluder
            )
        return images, labels

    def read_region(self, index: int, window: Window) -> ImageRegion:
        """Reads the pixels under a window of a sample's image."""
        dataset = self.preprocessor.dataset
        path, reader = dataset.images[index], dataset.readers[index]
        if reader is not None:
            return decoding.whole_region(reader(path))
        data = self.read_bytes(path)
        return self.read_window(path, window, self.preprocessor.image_size, data)

    def read_bytes(self, path: str) -> bytes:
        """Reads an image's file."""
        return safety.read_bytes(path)

    def _read_or_count(self, index, window):
        """Reads the pixels of an image; counts it, and raises or gives None, if not."""
        try:
            return self.read_region(index, window)
        except (ImageDecodeError, OSError) as error:
            dataset = self.preprocessor.dataset
            message = f"{dataset.names[index]}: {error}"
            if self.broken != "skip":
                message += "; `broken='skip'` goes on without it"
            self.failures[dataset.images[index]] = message
            if self.broken != "skip":
                raise ImageDecodeError(message) from error
            return None


def _aligned_zeros(shape) -> np.ndarray:
    """Makes zeros, bytes, aligned as TensorFlow needs them to take without a copy."""
    size = math.prod(shape)
    buffer = np.zeros(size + ALIGNMENT, "uint8")
    first = -buffer.ctypes.data % ALIGNMENT
    return buffer[first : first + size].reshape(shape)
