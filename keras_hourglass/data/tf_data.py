"""The loader as a `tf.data` pipeline, which reads no more of a JPEG than it needs."""

import math
import os

import numpy as np
import tensorflow as tf

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.safety import (
    decode_error,
    read_bytes,
    read_checked_header,
    require_complete_jpeg,
)
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.data.sharding import WHOLE_BATCH, Shard
from keras_hourglass.geometry import Window, enclosing_box

MIN_SPARED_PIXELS = (
    150_000  # pixels: with fewer to leave out, OpenCV reads the whole faster
)


def read_window(
    path: str, window: Window, size: tuple[int, int], data=None
) -> ImageRegion:
    """Reads the part of a JPEG under a window; other pictures as OpenCV does.

    Called within the pipeline's threads, where TensorFlow's operation runs eagerly:
    so an error can name its file.

    Args:
        path: Of the file.
        window: What must be there of the picture.
        size: Of the grid that will lie over the window; a picture much finer than
            the grid is read at a half or a quarter of its size.
        data: The file's bytes, where they are known already.
    """
    data = read_bytes(path) if data is None else data
    head, reduction = (
        read_checked_header(path, data),
        decoding.choose_reduction(window, size),
    )
    whole = -(-head.width // reduction), -(-head.height // reduction)
    upright = head.channels in (1, 3) and head.orientation == 1  # JPEG, and no CMYK
    if not upright or math.prod(whole) < MIN_SPARED_PIXELS:
        return decoding.decode_image(path, data, head, reduction)
    place = Window.from_rectangle(reduction * np.array([0.0, 0, *whole]))
    box = enclosing_box(place.to_grid(window.corners(), whole), *whole)
    x, y, width, height = box
    if math.prod(whole) - width * height < MIN_SPARED_PIXELS:
        return decoding.decode_image(path, data, head, reduction)
    try:
        pixels = tf.io.decode_and_crop_jpeg(
            data,
            [y, x, height, width],
            channels=3,
            ratio=reduction,
            dct_method="INTEGER_FAST",
        )
    except tf.errors.InvalidArgumentError:
        raise decode_error(path, "it is a damaged JPEG") from None
    pixels = require_complete_jpeg(path, data, np.asarray(pixels))
    return ImageRegion(pixels, place.part(np.array(box, float), whole))


def training_dataset(loader: Loader, stream: EpochSampler, first_batch: int = 0):
    """Batches without end, epoch after epoch, each of `stream.steps` batches.

    Args:
        loader: What makes samples.
        stream: Who comes when.
        first_batch: Where to go on, counted from the stream's beginning.
    """

    def load(batch):
        return loader.load_batch(stream.batch(int(batch)))

    batches = tf.data.Dataset.range(first_batch, np.iinfo("int64").max)
    return _map_batches(batches, load, loader)


def validation_dataset(loader: Loader, batch_size: int, share: Shard = WHOLE_BATCH):
    """Everybody once, in order; the last batch may be smaller.

    Args:
        share: Its `devices` get equally many people.
    """

    def load(batch):
        first = int(batch) * batch_size
        rows = range(first, min(first + batch_size, len(loader)))
        return loader.load_batch(share.of([(0, row) for row in rows]))

    return _map_batches(
        tf.data.Dataset.range(-(-len(loader) // batch_size)), load, loader
    )


def measure_wait(dataset):
    """The same dataset, and how many seconds it has kept others waiting so far.

    Counted is the time from the moment that a step asks for its batch until it is
    there. On a GPU the step before may still be at work meanwhile: there, it is the
    most that was lost.

    Returns:
        The dataset, and a function without arguments.
    """
    with tf.device("CPU:0"):
        waited = tf.Variable(0.0, dtype="float64", trainable=False)

    def note(asked, batch):
        waited.assign_add(tf.timestamp() - asked)
        return batch

    # A zip asks one after another: its first part is ready at once, and says when.
    asked = tf.data.Dataset.range(np.iinfo("int64").max).map(lambda _: tf.timestamp())
    options = tf.data.Options()  # asked ahead of the step, it would measure nothing
    options.experimental_optimization.inject_prefetch = False
    # Loading holds as many threads as there are cores: with others to share, neither
    # asking nor a step of the network has to wait until one is free.
    options.threading.private_threadpool_size = 2 * os.cpu_count()
    noted = tf.data.Dataset.zip((asked, dataset)).map(note).with_options(options)
    return noted, lambda: float(waited.numpy())


def _map_batches(batches, load, loader):
    """Whole batches, made side by side: fewer calls than for one sample at a time."""
    width, height = loader.sampler.image_size
    joints = len(loader.sampler.people.skeleton.joints)

    def batch(number):
        images, labels = tf.numpy_function(load, [number], (tf.uint8, tf.float32))
        images.set_shape((None, height, width, 3))
        labels.set_shape((None, joints, 4))
        return images, labels

    return batches.map(batch, num_parallel_calls=os.cpu_count()).prefetch(2)
