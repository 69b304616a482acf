"""`tf.data` pipelines of people, which decode no more of a JPEG than they need."""

import atexit
import math
import time
from threading import Lock

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
from keras_hourglass.data.pipeline.batch_maker import BatchMaker
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard
from keras_hourglass.geometry import Window, enclosing_box
from keras_hourglass.utils.cores import core_count

MIN_SPARED_PIXELS = 150_000  # with fewer to leave out, OpenCV decodes the whole faster


EXIT_QUIET, EXIT_TIMEOUT = 0.2, 10.0  # seconds


class RunningLoads:
    """Counts running calls of pipelines, so that Python can wait for them at exit.

    A thread of TensorFlow that calls Python while that ends aborts the process. Once
    nothing takes batches, pipelines fill their buffers and fall silent.
    """

    def __init__(self):
        self._lock, self._running, self._last = Lock(), 0, float("-inf")

    def __enter__(self):
        with self._lock:
            self._running += 1

    def __exit__(self, *error):
        with self._lock:
            self._running -= 1
            self._last = time.monotonic()

    def wait(self):
        """Waits until no call has run for a moment."""
        end = time.monotonic() + EXIT_TIMEOUT
        while time.monotonic() < end:
            if not self._running and time.monotonic() > self._last + EXIT_QUIET:
                return
            time.sleep(0.01)


RUNNING = RunningLoads()
atexit.register(RUNNING.wait)


def read_window(
    path: str, window: Window, size: tuple[int, int], data=None
) -> ImageRegion:
    """Reads the part of a JPEG under a window; images of other formats as a whole.

    Runs in the pipeline's threads, TensorFlow's operation eagerly: so an error can
    name its file.

    Args:
        path: Path of the file.
        window: Part of the image that must be read.
        size: Width and height of the grid that will lie over the window; an image
            much finer than the grid is read at a half or a quarter of its size.
        data: Bytes of the file, if they were read already.
    """
    data = read_bytes(path) if data is None else data
    head, reduction = (
        read_checked_header(path, data),
        decoding.choose_reduction(window, size),
    )
    whole = -(-head.width // reduction), -(-head.height // reduction)
    upright = head.channels in (1, 3) and head.orientation == 1  # JPEG, but not CMYK
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


def training_dataset(loader: Loader, sampler: EpochSampler, first_batch: int = 0):
    """Makes endless batches, epoch after epoch, each of `sampler.steps` batches.

    Args:
        loader: Makes samples.
        sampler: Order of people.
        first_batch: Batch to begin with, counted from the sampler's first.
    """
    maker = BatchMaker(loader, sampler.batch_size, sampler)
    batches = tf.data.Dataset.range(first_batch, np.iinfo("int64").max)
    return batches.map(*_mapping(maker)).prefetch(2)


def epoch_dataset(loader: Loader, sampler: EpochSampler, first_epoch: int = 0):
    """Makes the batches of one epoch; each iteration is the next epoch.

    An iteration counts once its last batch was taken, so that taking the first batch
    to inspect it does not.

    Args:
        loader: Makes samples.
        sampler: Order of people.
        first_epoch: Epoch of the first iteration.
    """
    counter = EpochCounter(sampler.steps, first_epoch)

    def numbers(_):
        first = tf.numpy_function(counter.first_batch, [], tf.int64)
        return tf.data.Dataset.range(first, first + sampler.steps)

    def count(batch, sample):
        taken = tf.numpy_function(counter.take, [batch], tf.bool)
        with tf.control_dependencies([taken]):
            return tuple(map(tf.identity, sample))

    make, calls = _mapping(BatchMaker(loader, sampler.batch_size, sampler))
    dataset = (
        tf.data.Dataset.range(1)
        .flat_map(numbers)
        .map(lambda batch: (batch, make(batch)), calls)
        .prefetch(2)
        .map(count)
        .apply(tf.data.experimental.assert_cardinality(sampler.steps))
    )
    return dataset.with_options(_without_prefetch())


class EpochCounter:
    """Counts the epochs of a dataset of which all batches were taken.

    Args:
        steps: Batches of an epoch.
        epoch: Epoch of the next iteration.
    """

    def __init__(self, steps: int, epoch: int = 0):
        self.steps, self.epoch = steps, epoch

    def first_batch(self):
        """Returns the number of the first batch of the next iteration."""
        return np.int64(self.epoch * self.steps)

    def take(self, batch):
        """Notes that a batch was taken."""
        if (batch + 1) % self.steps == 0:
            self.epoch = int(batch + 1) // self.steps
        return True


def validation_dataset(loader: Loader, batch_size: int, shard: Shard = WHOLE_BATCH):
    """Makes batches of all people once, in order; the last batch may be smaller.

    Args:
        loader: Makes samples.
        batch_size: People of a batch.
        shard: Its `devices` get equally many people.
    """
    maker = BatchMaker(loader, batch_size, shard=shard)
    batches = tf.data.Dataset.range(len(maker))
    return batches.map(*_mapping(maker)).prefetch(2)


def measure_wait(dataset):
    """Measures for how long the steps that take a dataset's batches wait for them.

    The time is counted from the moment that a step requests its batch until it is
    there. On a GPU the step before may still be running meanwhile: there, it is an
    upper bound.

    Returns:
        The dataset, and a function without arguments that returns seconds so far.
    """
    with tf.device("CPU:0"):
        waited = tf.Variable(0.0, dtype="float64", trainable=False)

    def note(requested, batch):
        waited.assign_add(tf.timestamp() - requested)
        return batch

    # A zip asks one after another: its first part is ready at once, and says when.
    requests = tf.data.Dataset.range(np.iinfo("int64").max)
    requests = requests.map(lambda _: tf.timestamp())
    noted = tf.data.Dataset.zip((requests, dataset)).map(note)
    return noted.with_options(_without_prefetch()), lambda: float(waited.numpy())


def _without_prefetch():
    """Options of a dataset whose last step must run when a batch is taken."""
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False
    # Loading holds as many threads as there are cores: with others to share, neither
    # requests nor a step of the network have to wait until one is free.
    options.threading.private_threadpool_size = 2 * core_count()
    return options


def _mapping(maker: BatchMaker):
    """Arguments of `map` that make whole batches, several at a time.

    Fewer calls than for one sample at a time.
    """
    preprocessor = maker.loader.preprocessor
    width, height = preprocessor.image_size

    def counted(number):
        with RUNNING:
            return maker(int(number))

    def make(number):
        images, labels = tf.numpy_function(counted, [number], (tf.uint8, tf.float32))
        images.set_shape((None, height, width, 3))
        labels.set_shape((None, *preprocessor.label_shape))
        return images, labels

    return make, core_count()
