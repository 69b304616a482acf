"""Datasets for `fit`: a `tf.data` pipeline, or Keras's own kind without TensorFlow."""

import keras

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.pydataset import PeopleDataset
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.data.sharding import WHOLE_BATCH, Shard


def make_loader(sampler, broken: str = "error") -> Loader:
    """What reads and samples, with the fastest reader that is there."""
    if keras.backend.backend() != "tensorflow":
        return Loader(sampler, broken)
    from keras_hourglass.data import tf_data

    return Loader(sampler, broken, tf_data.read_window)


def training_batches(
    loader: Loader,
    stream: EpochSampler,
    first_batch: int = 0,
    share: Shard = WHOLE_BATCH,
):
    """Batches of the stream; `stream.steps` of them are an epoch.

    Args:
        loader: What makes samples.
        stream: Who comes when.
        first_batch: Where to go on.
        share: What this process reads of each batch.

    Returns:
        The dataset, and a function that says how many seconds it has kept others
        waiting so far; None in its place where that cannot be told.
    """
    if keras.backend.backend() != "tensorflow":
        dataset = PeopleDataset(loader, stream.batch_size, stream, first_batch, share)
        return dataset, lambda: dataset.waited
    from keras_hourglass.data import tf_data

    if share.devices > 1:  # they are fed ahead, by threads that always wait
        return tf_data.training_dataset(loader, stream, first_batch), None
    return tf_data.measure_wait(tf_data.training_dataset(loader, stream, first_batch))


def validation_batches(loader: Loader, batch_size: int, share: Shard = WHOLE_BATCH):
    """Everybody once, in order; or a process's share of them."""
    if keras.backend.backend() != "tensorflow":
        return PeopleDataset(loader, batch_size, share=share)
    from keras_hourglass.data import tf_data

    return tf_data.validation_dataset(loader, batch_size, share)
