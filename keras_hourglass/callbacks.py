"""What happens beside the steps of training: scores, averages, files, pictures."""

import time
from contextlib import contextmanager

import keras
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from keras_hourglass import draw
from keras_hourglass.metrics import PCKh
from keras_hourglass.replacing import replacing


class PCKhCallback(keras.callbacks.Callback):
    """Prints a table of PCKh per joint after each epoch.

    Reads the counts of the model's `PCKh` metric, so that there is no second pass
    over the validation data.

    Args:
        others: Name -> dataset of (images, labels) to evaluate besides; its PCKh
            enters the logs as `NAME_pckh`.
        say: What prints a line.
    """

    def __init__(self, others=None, say=print):
        super().__init__()
        self.others, self.say = others or {}, say
        self.columns: dict[str, float] = {}

    def on_test_end(self, logs=None):
        self.columns = report(pckh_of(self.model))

    def on_epoch_end(self, epoch, logs=None):
        if not self.columns:  # nobody validates
            return
        logs = {} if logs is None else logs
        columns = self.columns
        for column, percent in columns.items():
            logs[f"val_pckh_{column.lower()}"] = percent
        self.say("\n" + "".join(f"{name:>10}" for name in [*columns, "Mean"]))
        values = [*columns.values(), logs["val_pckh"]]
        self.say("".join(f"{value:10.2f}" for value in values))
        for name, dataset in self.others.items():
            scores = self.model.evaluate(dataset, verbose=0, return_dict=True)
            logs[f"{name}_pckh"] = scores["pckh"]
            self.say(f"{name}: {scores['pckh']:.2f}")


def pckh_of(model) -> PCKh:
    """The `PCKh` that a model was compiled with.

    Raises:
        ValueError: If there is none.
    """
    todo = list(model.metrics)
    while todo:
        metric = todo.pop()
        if isinstance(metric, PCKh):
            return metric
        todo += getattr(metric, "metrics", [])
    raise ValueError("`metrics` of `model.compile` must hold a PCKh")


def report(metric: PCKh) -> dict[str, float]:
    """Column -> percent: the mean over the joints of each group of the skeleton."""
    rates, skeleton = metric.per_joint(), metric.skeleton
    groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
    return {
        column: float(np.mean([rates[i] for i in skeleton.indices(names)]))
        for column, names in groups.items()
    }


class AveragedWeights(keras.callbacks.Callback):
    """Validates the moving average of the weights, which the optimizer keeps.

    Swapped to the last bit: Keras's `SwapEMAWeights` swaps by sums, which round.
    """

    def __init__(self):
        super().__init__()
        self.swapped = False

    def on_test_begin(self, logs=None):
        self.swap()

    def on_test_end(self, logs=None):
        self.swap()

    @contextmanager
    def in_model(self):
        """While it lasts, the model has its averaged weights."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def swap(self):
        """Exchanges weights and averages, if the optimizer keeps any."""
        optimizer = self.model.optimizer
        if not optimizer.use_ema or not optimizer.built:
            return
        averages = optimizer._model_variables_moving_average  # no public way
        for weight, average in zip(self.model.trainable_weights, averages):
            kept = np.copy(keras.ops.convert_to_numpy(weight))
            weight.assign(average)
            average.assign(kept)
        self.swapped = not self.swapped


class KeepBest(keras.callbacks.Callback):
    """Saves the network, without optimizer, whenever its score is the best so far.

    Args:
        path: Of the `.keras` file.
        averaged: Whose weights to save.
        monitor: Which value of the logs is to be high.
        best: The score to beat, if training goes on.
    """

    def __init__(
        self,
        path,
        averaged: AveragedWeights,
        monitor: str = "val_pckh",
        best: float = -1.0,
    ):
        super().__init__()
        self.path, self.averaged = path, averaged
        self.monitor, self.best = monitor, best
        self.plain = None

    def on_epoch_end(self, epoch, logs=None):
        score = (logs or {}).get(self.monitor)
        if score is None or not score > self.best:
            return
        if self.plain is None:
            self.plain = type(self.model).from_config(self.model.get_config())
        with self.averaged.in_model():
            self.plain.set_weights(self.model.get_weights())
        with replacing(self.path) as path:
            self.plain.save(path)
        self.best = float(score)


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
