"""Loss of a person detector: of people's middles, and of their boxes."""

import keras
from keras import ops

from keras_hourglass.heatmaps.boxes import CHANNELS, DISTANCES, encode_boxes
from keras_hourglass.heatmaps.label_tensors import label_dtype


@keras.saving.register_keras_serializable("keras_hourglass")
class CenterLoss(keras.losses.Loss):
    """Computes the loss of a `PersonDetector`: of people's middles, and of their boxes.

    Middles: the focal loss of Zhou et al., Objects as Points, 2019,
    https://arxiv.org/abs/1904.07850. Boxes: the generalized intersection over union of
    Rezatofighi et al., CVPR 2019, https://arxiv.org/abs/1902.09630, at the pixels
    around a middle. Both are summed over pixels and stacks, and divided by the people
    of a photograph, on the average of the batch. Nothing is trained where an ignored
    area lies.

    Args:
        box_weight: Factor of the boxes' part.
        name: Of the loss.
        **kwargs: Arguments of `keras.losses.Loss`. `dtype`: at least float32 by
            default.

    Call arguments:
        y_true: Labels, `(batch, rows, 5)`: x, y, width, height (heatmap pixels), weight
            (1 a person, -1 an ignored area, 0 an empty row).
        y_pred: Maps, `(batch, stacks, height, width, 5)`.
        sample_weight: None, or weights of photographs, `(batch,)`.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    labels = np.array([[[3.0, 2.0, 4.0, 6.0, 1.0]]])  # a photograph of one person
    maps = np.zeros((1, 1, 16, 16, 5))
    print(float(kh.CenterLoss()(labels, maps)))
    ```
    """

    takes_labels = True  # `fit` checks them

    def __init__(self, box_weight: float = 5.0, name="center_loss", **kwargs):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if not box_weight >= 0:
            raise ValueError(
                f"`box_weight` must be at least 0. Received: box_weight={box_weight}"
            )
        self.box_weight = box_weight

    def call(self, y_true, y_pred):
        height, width = y_pred.shape[2:4]
        targets = encode_boxes(y_true, (width, height))
        batch = ops.cast(ops.shape(y_true)[0], y_pred.dtype)
        total = 0
        for stack in range(y_pred.shape[1]):
            maps = y_pred[:, stack]
            centers = _focal_loss(targets.centers, maps[..., 0])
            centers = ops.where(targets.trained, centers, 0)
            boxes = 1 - _generalized_iou(targets.boxes, maps[..., 1:CHANNELS])
            boxes = ops.where(targets.weights > 0, targets.weights * boxes, 0)
            total += ops.sum(centers + self.box_weight * boxes, axis=(1, 2))
        return total * batch / targets.count

    def get_config(self):
        return {**super().get_config(), "box_weight": self.box_weight}


def _focal_loss(target, logit):
    """Computes the focal loss of pixels; those near a middle count less as empty."""
    log_p, log_q = ops.log_sigmoid(logit), ops.log_sigmoid(-logit)
    p, q = ops.exp(log_p), ops.exp(log_q)
    empty = (1 - target) ** 4 * p**2 * log_q
    return -ops.where(target == 1, q**2 * log_p, empty)


def _generalized_iou(target, logs):
    """Computes the generalized intersection over union of boxes.

    Args:
        target: `(..., 4)`, distances to left, top, right and bottom, in heatmap pixels.
        logs: `(..., 4)`, logarithms of such distances.
    """
    predicted = ops.exp(ops.clip(logs, *DISTANCES))
    target = ops.maximum(target, 0)
    # Distances to two opposite sides: those of left and top, of right and bottom.
    both = ops.minimum(target, predicted)
    both = ops.prod(both[..., :2] + both[..., 2:], axis=-1)
    hull = ops.maximum(target, predicted)
    hull = ops.prod(hull[..., :2] + hull[..., 2:], axis=-1)
    areas = [ops.prod(d[..., :2] + d[..., 2:], axis=-1) for d in (target, predicted)]
    union = ops.maximum(sum(areas) - both, 1e-6)
    return both / union - (hull - union) / ops.maximum(hull, 1e-6)
