"""PCKh per joint group after each epoch."""

import shutil

import keras

from keras_hourglass.metrics import PCKh
from keras_hourglass.utils import format_table

MEAN = "mean_by_count"  # the metric's convention, as evaluation names it
GAP = 2  # spaces between two columns of `format_table`
MIN_WIDTH = len("100.00")


class PCKhCallback(keras.callbacks.Callback):
    """Prints a table of the validation's PCKh per joint group after each epoch.

    For a skeleton without a head it is PCK, as the first line of the table says. The
    last column is the metric: the mean of all labeled joints, which `evaluate` calls
    `mean_by_count`. Errors exactly at the threshold are correct in every column.

    The counts of the model's `PCKh` metric are read, so there is no second pass over
    the validation data. The logs get `val_pckh_GROUP` for each of the skeleton's
    groups, in lower case (of a metric with another name, `val_NAME_GROUP`). After
    epochs without validation nothing is printed or added.

    Args:
        metric: The name of the metric, where the model has several `PCKh`; by default,
            the first.
        others: Name -> dataset of (images, labels) that is evaluated after each
            validation as well; its PCKh enters the logs as `NAME_pckh` (`NAME_` and the
            metric's name).
        verbose: 0 prints nothing, 1 the table.
        print_fn: Prints a line; by default, `print`.

    Raises:
        ValueError: From `fit`, if the model has no such metric.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    model = kh.StackedHourglass(1, filters=8, depth=1, image_size=64)
    model.compile("adam", kh.HeatmapLoss(), metrics=[kh.PCKh(skeleton="mpii")])
    images = np.zeros((2, 64, 64, 3), "uint8")
    labels = np.full((2, 16, 4), (5.0, 3.0, 1.0, 4.0), "float32")
    history = model.fit(
        images, labels, validation_data=(images, labels), callbacks=[kh.PCKhCallback()]
    )
    print(history.history["val_pckh_wrist"])
    ```
    """

    def __init__(
        self, metric: str | None = None, others=None, verbose: int = 1, print_fn=None
    ):
        super().__init__()
        self.metric, self.others, self.verbose = metric, dict(others or {}), verbose
        self.print_fn = print_fn or print
        self._groups, self._mean = {}, None  # of the epoch's validation

    def on_epoch_begin(self, epoch, logs=None):
        self._mean = None

    def on_test_end(self, logs=None):
        # Later, other evaluations may have reset the metric.
        metric = find_pckh_metric(self.model, self.metric)
        self._groups, self._mean = metric.per_group(), float(metric.result())

    def on_epoch_end(self, epoch, logs=None):
        if self._mean is None:
            return
        logs = {} if logs is None else logs
        metric = find_pckh_metric(self.model, self.metric)
        for group, percentage in self._groups.items():
            logs[f"val_{metric.name}_{group.lower()}"] = percentage
        if self.verbose:
            columns = [*self._groups.items(), (MEAN, self._mean)]
            self.print_fn("\n" + _title(metric) + format_row(columns))
        for name, dataset in self.others.items():
            self.model.evaluate(dataset, verbose=0)
            percentage = logs[f"{name}_{metric.name}"] = float(metric.result())
            if self.verbose:
                self.print_fn(f"{name}: {MEAN} {percentage:.2f}")


def _title(metric):
    """Returns the line over the table: the measure and its threshold."""
    return f"{metric.skeleton.measure.name}@{metric.threshold:g}, %\n"


def find_pckh_metric(model, name: str | None = None) -> PCKh:
    """Returns the `PCKh` that a model was compiled with.

    Args:
        model: Compiled, and trained or evaluated for a step.
        name: Of the metric; by default, the first `PCKh`.

    Raises:
        ValueError: If there is none, or none of that name.
    """
    metrics = [metric for metric in _flatten(model.metrics) if isinstance(metric, PCKh)]
    for metric in metrics:
        if name in (None, metric.name):
            return metric
    if metrics:
        names = ", ".join(repr(metric.name) for metric in metrics)
        raise ValueError(
            f"`metric` must be the name of a PCKh of the model: {names}. "
            f"Received: metric={name!r}"
        )
    raise ValueError("`metrics` of `model.compile` must hold a PCKh")


def _flatten(metrics):
    """Yields all metrics, and those inside them, in order."""
    for metric in metrics:
        yield metric
        yield from _flatten(getattr(metric, "metrics", []))


def format_row(columns) -> str:
    """Formats a row of numbers under their names, broken at the terminal's width.

    Args:
        columns: (name, number) pairs.
    """
    limit, width, parts = shutil.get_terminal_size().columns, 0, [[]]
    for name, number in columns:
        needed = GAP + max(len(name), MIN_WIDTH)
        if parts[-1] and width + needed > limit:
            parts.append([])
            width = 0
        parts[-1].append((name, f"{number:.2f}"))
        width += needed
    return "\n".join(
        format_table([name for name, _ in part], [[number for _, number in part]])
        for part in parts
    )
