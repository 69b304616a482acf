"""Event files for TensorBoard."""

import time

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from keras_hourglass import draw


class EventLog(keras.callbacks.Callback):
    """Writes what TensorBoard shows, on any backend of Keras.

    Keras's own `TensorBoard` needs TensorFlow.

    Args:
        folder: Where the event files go.
        pictures: Called after each epoch; gives name -> `(height, width, 3)` uint8.
    """

    def __init__(self, folder, pictures=None):
        super().__init__()
        self.folder, self.pictures = str(folder), pictures
        self.writer = None

    def on_train_begin(self, logs=None):
        self.writer = EventFileWriter(self.folder)

    def on_epoch_end(self, epoch, logs=None):
        values = [
            Summary.Value(tag=name, simple_value=float(value))
            for name, value in (logs or {}).items()
        ]
        for name, image in (self.pictures() if self.pictures else {}).items():
            height, width, _ = image.shape
            encoded = Summary.Image(
                height=height,
                width=width,
                colorspace=3,
                encoded_image_string=draw.png(image),
            )
            values.append(Summary.Value(tag=name, image=encoded))
        event = Event(wall_time=time.time(), step=epoch, summary=Summary(value=values))
        self.writer.add_event(event)
        self.writer.flush()

    def on_train_end(self, logs=None):
        self.writer.close()
