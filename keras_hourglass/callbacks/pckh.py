"""PCKh per joint after each epoch."""

import keras
import numpy as np

from keras_hourglass.metrics import PCKh


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
        self.columns = format_pckh(find_pckh_metric(self.model))

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


def find_pckh_metric(model) -> PCKh:
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


def format_pckh(metric: PCKh) -> dict[str, float]:
    """Column -> percent: the mean over the joints of each group of the skeleton."""
    rates, skeleton = metric.per_joint(), metric.skeleton
    groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
    return {
        column: float(np.mean([rates[i] for i in skeleton.indices(names)]))
        for column, names in groups.items()
    }
