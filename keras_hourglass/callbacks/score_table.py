"""Base of callbacks that print the parts of a metric's score after each epoch."""

import shutil

import keras

from keras_hourglass.utils import format_table

GAP = 2  # spaces between two columns of `format_table`
MIN_WIDTH = len("100.00")


class ScoreTable(keras.callbacks.Callback):
    """Prints a table of a metric of the validation after each epoch.

    The counts of the model's metric are read, so there is no second pass over the
    validation data. After epochs without validation nothing is printed or added.

    Args:
        metric: The name of the metric, where the model has several of its class; by
            default, the first.
        others: Name -> dataset of (images, labels) that is evaluated after each
            validation as well; its score enters the logs as `NAME_` and the metric's
            name.
        verbose: 0 prints nothing, 1 the table.
        print_fn: Prints a line; by default, `print`.
        callbacks: Those of the evaluation of `others`, such as one that validates with
            averaged weights.

    Attributes:
        metric_class: Class of the metric.
        column: Name of the metric's result in the table, its last column.
    """

    metric_class: type
    column: str

    def __init__(
        self,
        metric: str | None = None,
        others=None,
        verbose: int = 1,
        print_fn=None,
        callbacks=(),
    ):
        super().__init__()
        self.metric, self.others, self.verbose = metric, dict(others or {}), verbose
        self.print_fn, self.callbacks = print_fn or print, [*callbacks]
        self._parts, self._score = {}, None  # of the epoch's validation

    def parts(self, metric) -> dict[str, float]:
        """Returns the columns before the last; they enter the logs in lower case."""
        raise NotImplementedError

    def title(self, metric) -> str:
        """Returns the line over the table."""
        raise NotImplementedError

    def on_epoch_begin(self, epoch, logs=None):
        self._score = None

    def on_test_end(self, logs=None):
        # Later, other evaluations may have reset the metric.
        metric = self._find_metric()
        self._parts, self._score = self.parts(metric), float(metric.result())

    def on_epoch_end(self, epoch, logs=None):
        if self._score is None:
            return
        logs = {} if logs is None else logs
        metric = self._find_metric()
        for name, percentage in self._parts.items():
            logs[f"val_{metric.name}_{name.lower()}"] = percentage
        if self.verbose:
            columns = [*self._parts.items(), (self.column, self._score)]
            self.print_fn(f"\n{self.title(metric)}\n{format_row(columns)}")
        for name, dataset in self.others.items():
            self.model.evaluate(dataset, verbose=0, callbacks=self.callbacks)
            percentage = logs[f"{name}_{metric.name}"] = float(metric.result())
            if self.verbose:
                self.print_fn(f"{name}: {self.column} {percentage:.2f}")

    def _find_metric(self):
        return find_metric(self.model, self.metric_class, self.metric)


def find_metric(model, metric_class: type, name: str | None = None):
    """Returns the metric of a class that a model was compiled with.

    Args:
        model: Compiled, and trained or evaluated for a step.
        metric_class: Class of the metric.
        name: Of the metric; by default, the first of the class.

    Raises:
        ValueError: If there is none, or none of that name.
    """
    kind = metric_class.__name__
    metrics = [
        each for each in _flatten(model.metrics) if isinstance(each, metric_class)
    ]
    for metric in metrics:
        if name in (None, metric.name):
            return metric
    if metrics:
        names = ", ".join(repr(metric.name) for metric in metrics)
        raise ValueError(
            f"`metric` must be the name of a {kind} of the model: {names}. "
            f"Received: metric={name!r}"
        )
    raise ValueError(f"`metrics` of `model.compile` must hold a {kind}")


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
