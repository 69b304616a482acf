"""The loader as a Keras dataset, where TensorFlow is not installed."""

import os

import keras

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.stream import Stream


class PeopleDataset(keras.utils.PyDataset):
    """Batches of people; the same ones as `pipeline.py` gives.

    Args:
        loader: What makes samples.
        batch_size: People of a batch.
        stream: Who comes when, for training; without one everybody comes once, in
            order.
        first_epoch: Where to go on.
    """

    def __init__(
        self,
        loader: Loader,
        batch_size: int,
        stream: Stream | None = None,
        first_epoch: int = 0,
    ):
        super().__init__(workers=os.cpu_count(), max_queue_size=8)
        self.loader, self.batch_size, self.stream = loader, batch_size, stream
        self.epoch = first_epoch

    @property
    def num_batches(self):
        if self.stream is not None:
            return self.stream.steps
        return -(-len(self.loader) // self.batch_size)

    def __getitem__(self, batch):
        places = range(batch * self.batch_size, (batch + 1) * self.batch_size)
        if self.stream is None:
            return self.loader.load_batch(
                (0, i) for i in places if i < len(self.loader)
            )
        first = self.epoch * self.stream.steps * self.stream.batch_size
        return self.loader.load_batch(self.stream.at(first + place) for place in places)

    def on_epoch_end(self):
        self.epoch += 1
