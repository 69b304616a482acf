"""Box AP and recall of a person detector after each epoch."""

from keras_hourglass.callbacks.score_table import ScoreTable
from keras_hourglass.metrics import BoxAP


class BoxAPCallback(ScoreTable):
    """Prints the validation's box AP and recall after each epoch.

    The recall is the percentage of people that are found where half a false box on a
    photograph, on the average, is allowed. It enters the logs as `val_box_ap_recall`
    (of a metric with another name, `val_NAME_recall`).

    Args:
        metric: The name of the metric, where the model has several `BoxAP`; by default,
            the first.
        others: Name -> dataset of (images, labels) that is evaluated after each
            validation as well; its score enters the logs as `NAME_box_ap`.
        callbacks: Callbacks of the evaluation of `others`.
        verbose: 0 prints nothing, 1 the table.
        print_fn: Prints a line; by default, `print`.

    Raises:
        ValueError: From `fit`, if the model has no such metric.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    model = kh.PersonDetector(filters=8, stem_filters=4, depth=1, image_size=64)
    model.compile("adam", kh.CenterLoss(), metrics=[kh.BoxAP()])
    images = np.zeros((2, 64, 64, 3), "uint8")
    labels = np.full((2, 1, 5), (5.0, 3.0, 6.0, 4.0, 1.0), "float32")
    history = model.fit(
        images, labels, validation_data=(images, labels), callbacks=[kh.BoxAPCallback()]
    )
    print(history.history["val_box_ap_recall"])
    ```
    """

    metric_class = BoxAP
    column = "AP"

    def parts(self, metric) -> dict[str, float]:
        """Returns the recall."""
        return {"recall": metric.recall()}

    def title(self, metric) -> str:
        """Returns the measure and its threshold."""
        return f"Boxes@{metric.iou:g}, %"
