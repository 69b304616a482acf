"""Datasets for `fit`: a `tf.data` pipeline, or Keras's own kind without TensorFlow."""

import keras

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.pydataset import PeopleDataset
from keras_hourglass.data.stream import Stream


def loader(sampler, broken: str = "error") -> Loader:
    """What reads and samples, with the fastest reader that is there."""
    if keras.backend.backend() != "tensorflow":
        return Loader(sampler, broken)
    from keras_hourglass.data import pipeline

    return Loader(sampler, broken, pipeline.read_window)


def training(loader: Loader, stream: Stream, first_batch: int = 0):
    """Batches of the stream; `stream.steps` of them are an epoch.

    Returns:
        The dataset, and a function that says how many seconds it has kept others
        waiting so far.
    """
    if keras.backend.backend() != "tensorflow":
        dataset = PeopleDataset(loader, stream.batch_size, stream, first_batch)
        return dataset, lambda: dataset.waited
    from keras_hourglass.data import pipeline

    return pipeline.timed(pipeline.training_dataset(loader, stream, first_batch))


def validation(loader: Loader, batch_size: int):
    """Everybody once, in order."""
    if keras.backend.backend() != "tensorflow":
        return PeopleDataset(loader, batch_size)
    from keras_hourglass.data import pipeline

    return pipeline.validation_dataset(loader, batch_size)
