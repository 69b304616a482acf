"""PCKh per joint group after each epoch."""

from keras_hourglass.callbacks.score_table import ScoreTable, find_metric
from keras_hourglass.metrics import PCKh


class PCKhCallback(ScoreTable):
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
        callbacks: Callbacks of the evaluation of `others`.
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

    metric_class = PCKh
    column = "mean_by_count"  # the metric's convention, as evaluation names it

    def parts(self, metric) -> dict[str, float]:
        """Returns the percentage of each joint group."""
        return metric.per_group()

    def title(self, metric) -> str:
        """Returns the measure and its threshold."""
        return f"{metric.skeleton.measure.name}@{metric.threshold:g}, %"


def find_pckh_metric(model, name: str | None = None) -> PCKh:
    """Returns the `PCKh` that a model was compiled with; see `find_metric`."""
    return find_metric(model, PCKh, name)
