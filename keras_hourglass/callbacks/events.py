"""Event files for TensorBoard."""

import sys
import time
from pathlib import Path
from types import ModuleType

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from keras_hourglass import draw
from keras_hourglass.callbacks.graph import graph_of

if keras.backend.backend() != "tensorflow":
    # The writer takes TensorFlow where it finds it, which costs seconds, and memory of
    # a GPU. Where there is a module of this name, it does not look.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))

PLUGIN = SummaryMetadata.PluginData(plugin_name="text")  # which part shows texts


class EventLog(keras.callbacks.Callback):
    """Writes what TensorBoard shows, on any backend of Keras.

    Of each epoch all that is in the logs, the learning rate, and pictures; once the
    network's graph, and texts. Keras's own `TensorBoard` needs TensorFlow.

    Args:
        folder: Where the event files go. One that has some is a run that goes on.
        pictures: Called after each epoch; gives name -> `(height, width, 3)` uint8.
        texts: Name -> Markdown.
    """

    def __init__(self, folder, pictures=None, texts=None):
        super().__init__()
        self.folder, self.pictures = Path(folder), pictures
        self.texts, self.writer = texts or {}, None

    def on_train_begin(self, logs=None):
        goes_on = any(self.folder.glob("events.out.tfevents.*"))
        self.writer = EventFileWriter(str(self.folder))
        if goes_on:  # TensorBoard takes one graph
            return
        if getattr(self.model, "outputs", None):  # functional: its layers are known
            graph = graph_of(self.model).SerializeToString()
            self.writer.add_event(Event(wall_time=time.time(), graph_def=graph))
        self._write(0, [_text(name, text) for name, text in self.texts.items()])

    def on_epoch_end(self, epoch, logs=None):
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        numbers = {**(logs or {}), "learning_rate": rate}
        pictures = self.pictures() if self.pictures else {}
        self._write(
            epoch,
            [_number(name, value) for name, value in numbers.items()]
            + [_picture(name, image) for name, image in pictures.items()],
        )

    def on_train_end(self, logs=None):
        self.writer.close()

    def _write(self, step, values):
        summary = Summary(value=values)
        self.writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        self.writer.flush()


def _number(name, value):
    return Summary.Value(tag=name, simple_value=float(value))


def _picture(name, image):
    height, width, _ = image.shape
    size = {"height": height, "width": width, "colorspace": 3}  # RGB
    png = Summary.Image(encoded_image_string=draw.png(image), **size)
    return Summary.Value(tag=name, image=png)


def _text(name, text):
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()])
    metadata = SummaryMetadata(plugin_data=PLUGIN)
    return Summary.Value(tag=name, metadata=metadata, tensor=tensor)
