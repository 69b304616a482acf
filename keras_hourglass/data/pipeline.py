"""The loader as a `tf.data` pipeline, which reads no more of a JPEG than it needs."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_hourglass.data import picture
from keras_hourglass.data.jpeg import header
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.picture import BrokenPicture, Region
from keras_hourglass.data.stream import Stream
from keras_hourglass.geometry import Crop, covering_box


def read_window(path: str, window: Crop, size: tuple[int, int]) -> Region:
    """Reads the part of a JPEG under a window; other pictures as OpenCV does.

    Called within the pipeline's threads, where TensorFlow's operation runs eagerly:
    so an error can name its file.
    """
    data = Path(path).read_bytes()
    head = header(data)
    if head is None or head.orientation != 1 or head.channels == 4:
        return picture.read(path, data, picture.reduction_for(window, size))
    box = covering_box(window.corners(), head.width, head.height)
    x, y, width, height = box
    try:
        pixels = tf.io.decode_and_crop_jpeg(
            data, [y, x, height, width], channels=3, dct_method="INTEGER_FAST"
        )
    except tf.errors.InvalidArgumentError:
        raise BrokenPicture(f"{path} is a damaged JPEG") from None
    return picture.boxed(pixels.numpy(), box)


def training_dataset(loader: Loader, stream: Stream, first_epoch: int = 0):
    """Batches without end, epoch after epoch, each of `stream.steps` batches."""
    start = first_epoch * stream.steps * stream.batch_size
    places = tf.data.Dataset.range(start, np.iinfo("int64").max)

    def load(position):
        epoch, index = stream.at(int(position))
        return loader.load(index, epoch)

    return _batched(places, load, loader, stream.batch_size)


def validation_dataset(loader: Loader, batch_size: int):
    """Everybody once, in order; the last batch may be smaller."""
    places = tf.data.Dataset.range(len(loader))
    return _batched(places, lambda index: loader.load(int(index)), loader, batch_size)


def _batched(places, load, loader, batch_size):
    width, height = loader.sampler.image_size
    joints = len(loader.sampler.people.skeleton.joints)

    def sample(place):
        image, label = tf.numpy_function(load, [place], (tf.uint8, tf.float32))
        image.set_shape((height, width, 3))
        label.set_shape((joints, 4))
        return image, label

    dataset = places.map(sample, num_parallel_calls=os.cpu_count())
    return dataset.batch(batch_size).prefetch(2)
