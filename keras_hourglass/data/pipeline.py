"""The loader as a `tf.data` pipeline, which reads no more of a JPEG than it needs."""

import os

import numpy as np
import tensorflow as tf

from keras_hourglass.data import picture
from keras_hourglass.data.damage import reached
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.opening import broken, contents, examined
from keras_hourglass.data.picture import Region
from keras_hourglass.data.stream import Stream
from keras_hourglass.geometry import Crop, covering_box

MOST = 0.5  # of a picture: to read more than this, OpenCV reads all of it faster


def read_window(path: str, window: Crop, size: tuple[int, int]) -> Region:
    """Reads the part of a JPEG under a window; other pictures as OpenCV does.

    Called within the pipeline's threads, where TensorFlow's operation runs eagerly:
    so an error can name its file.
    """
    data = contents(path)
    head = examined(path, data)
    if head.channels not in (1, 3) or head.orientation != 1:  # no JPEG, CMYK, turned
        return picture.decode(path, data, head, picture.reduction_for(window, size))
    box = covering_box(window.corners(), head.width, head.height)
    x, y, width, height = box
    if width * height > MOST * head.width * head.height:
        return picture.decode(path, data, head, picture.reduction_for(window, size))
    try:
        pixels = tf.io.decode_and_crop_jpeg(
            data, [y, x, height, width], channels=3, dct_method="INTEGER_FAST"
        )
    except tf.errors.InvalidArgumentError:
        raise broken(path, "it is a damaged JPEG") from None
    return picture.boxed(reached(path, data, pixels.numpy()), box)


def training_dataset(loader: Loader, stream: Stream, first_epoch: int = 0):
    """Batches without end, epoch after epoch, each of `stream.steps` batches."""

    def load(batch):
        return loader.load_batch(stream.batch(int(batch)))

    batches = tf.data.Dataset.range(first_epoch * stream.steps, np.iinfo("int64").max)
    return _loaded(batches, load, loader)


def validation_dataset(loader: Loader, batch_size: int):
    """Everybody once, in order; the last batch may be smaller."""

    def load(batch):
        first = int(batch) * batch_size
        places = range(first, min(first + batch_size, len(loader)))
        return loader.load_batch((0, index) for index in places)

    return _loaded(tf.data.Dataset.range(-(-len(loader) // batch_size)), load, loader)


def _loaded(batches, load, loader):
    """Whole batches, made side by side: fewer calls than for one sample at a time."""
    width, height = loader.sampler.image_size
    joints = len(loader.sampler.people.skeleton.joints)

    def batch(number):
        images, labels = tf.numpy_function(load, [number], (tf.uint8, tf.float32))
        images.set_shape((None, height, width, 3))
        labels.set_shape((None, joints, 4))
        return images, labels

    return batches.map(batch, num_parallel_calls=os.cpu_count()).prefetch(2)
