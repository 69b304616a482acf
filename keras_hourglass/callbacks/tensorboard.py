"""TensorBoard logs, written without TensorFlow."""

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.summary.writer.record_writer import RecordWriter

from keras_hourglass.utils.files import name_write_errors
from keras_hourglass.visualization.images import encode_image

if keras.backend.backend() != "tensorflow":
    # The writer imports TensorFlow where it is installed, which takes seconds and a
    # GPU's memory. With a module of this name, it does not try.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))

FILE_VERSION = "brain.Event:2"  # which begins each file
TEXT_PLUGIN = SummaryMetadata.PluginData(plugin_name="text")
SUMMARY_WIDTH = 100  # characters of a line


class TensorBoardLogger(keras.callbacks.Callback):
    """Writes TensorBoard logs on any backend: Keras's `TensorBoard` needs TensorFlow.

    Per epoch: all values of the logs, the learning rate, and images. At the beginning:
    the model's `summary()`, and texts. View them with `tensorboard --logdir LOG_DIR`.

    Args:
        log_dir: Folder of the event files. If it has some already, they are continued,
            and the summary and the texts are not written again.
        images: Function without arguments, called after each epoch, that returns
            name -> image, `(height, width, 3)`, uint8, RGB.
        texts: Name -> Markdown.

    Example:

    ```python
    import keras, numpy as np
    import keras_hourglass as kh

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    logger = kh.TensorBoardLogger("logs", texts={"about": "A *small* model."})
    model.fit(np.zeros((8, 2)), np.zeros((8, 1)), callbacks=[logger])
    ```
    """

    def __init__(self, log_dir="logs", images=None, texts=None):
        super().__init__()
        self.log_dir, self.images = Path(log_dir), images
        self.texts, self.writer = texts or {}, None

    def on_train_begin(self, logs=None):
        continued = any(self.log_dir.glob("events.out.tfevents.*"))
        self.writer = EventFile(self.log_dir)
        if not continued:
            texts = {"summary": f"```\n{_summary(self.model)}\n```", **self.texts}
            self._write(0, [_text_value(name, text) for name, text in texts.items()])

    def on_epoch_end(self, epoch, logs=None):
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        scalars = {**(logs or {}), "learning_rate": rate}
        images = self.images() if self.images else {}
        self._write(
            epoch,
            [_scalar_value(name, value) for name, value in scalars.items()]
            + [_image_value(name, image) for name, image in images.items()],
        )

    def on_train_end(self, logs=None):
        self.writer.close()

    def _write(self, step, values):
        summary = Summary(value=values)
        self.writer.write(Event(wall_time=time.time(), step=step, summary=summary))


class EventFile:
    """A file of TensorBoard's events, written at once.

    TensorBoard's own `EventFileWriter` writes in a thread, which dies with a traceback
    where the disk is full, and leaves the program waiting for it.

    Args:
        folder: Of the file; made if it does not exist.

    Raises:
        OSError: If it cannot be written, in every method.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        seconds, host = f"{time.time():.6f}", socket.gethostname()
        # Their order is that of the names, which the seconds and a count decide.
        self.path = folder / f"events.out.tfevents.{seconds}.{host}.{os.getpid()}"
        with name_write_errors(self.path):
            self._records = RecordWriter(open(self.path, "wb"))
        self.write(Event(wall_time=time.time(), file_version=FILE_VERSION))

    def write(self, event: Event):
        """Appends an event."""
        try:
            with name_write_errors(self.path):
                self._records.write(event.SerializeToString())
                self._records.flush()
        except OSError:
            self.close()
            raise

    def close(self):
        """Closes the file."""
        with suppress(OSError):  # raised by `write` already
            self._records.close()


def _summary(model) -> str:
    lines = []
    model.summary(line_length=SUMMARY_WIDTH, print_fn=lines.append)
    return "\n".join(lines)


def _scalar_value(name, value):
    return Summary.Value(tag=name, simple_value=float(value))


def _image_value(name, image):
    height, width, _ = image.shape
    size = {"height": height, "width": width, "colorspace": 3}  # RGB
    png = Summary.Image(encoded_image_string=encode_image(image, ".png"), **size)
    return Summary.Value(tag=name, image=png)


def _text_value(name, text):
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()])
    metadata = SummaryMetadata(plugin_data=TEXT_PLUGIN)
    return Summary.Value(tag=name, metadata=metadata, tensor=tensor)
