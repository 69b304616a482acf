"""Box AP: average precision of a person detector, and its recall."""

import keras
from keras import ops

from keras_hourglass.heatmaps.boxes import (
    box_iou,
    clip_boxes,
    decode_boxes,
    is_blank,
)
from keras_hourglass.heatmaps.label_tensors import label_dtype
from keras_hourglass.skeletons.measures import FALSE_PER_PHOTOGRAPH, RECALL_LEVELS

BINS = 1000  # of the histograms of scores, from 0 to 1
MATCH_ROUNDS = 12  # so many boxes that each take a person from the next are matched


@keras.saving.register_keras_serializable("keras_hourglass")
class BoxAP(keras.metrics.Metric):
    """Computes the average precision of boxes, from a detector's maps and labels.

    The last stack's maps are decoded, and boxes clipped to the maps. In falling order
    of their scores, each takes the person that it overlaps most among those left, if
    their intersection over union is at least `iou`; else it is false, unless at least
    that share of it lies in an ignored area. The result is the mean of the precision at
    101 recalls, as COCO computes it: for `iou=0.5`, AP50. Scores are counted in a
    histogram of 1,000 bins, so that the metric is one pass over any data.

    `evaluate` with `task="detect"` scores whole photographs by size of person, without
    a histogram.

    Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
    https://arxiv.org/abs/1405.0312

    Args:
        iou: Least intersection over union of a box and its person, above 0, up to 1.
        name: Of the metric; of two in one model, the names must differ.
        **kwargs: Arguments of `keras.metrics.Metric`. `dtype` is at least float32 by
            default.

    Attributes:
        true, false: `(1000,)`, boxes by score, with a person and without one.
        people, photographs: Those counted.

    Call arguments:
        y_true: Labels, `(batch, rows, 5)`: x, y, width, height (heatmap pixels), weight
            (1 a person, -1 an ignored area, 0 an empty row).
        y_pred: Maps of a `PersonDetector`, `(batch, stacks, height, width, 5)`.
        sample_weight: None, or weights of photographs, `(batch,)`.

    Raises:
        ValueError: If `iou` is out of its range.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    metric = kh.BoxAP()
    labels = np.array([[[3.0, 2.0, 5.0, 5.0, 1.0]]])  # spans 2.5 to 7.5, 1.5 to 6.5
    maps = np.full((1, 1, 16, 16, 5), -9.0)
    maps[0, 0, 4, 5] = 9, *np.log([2.5, 2.5, 2.5, 2.5])
    metric.update_state(labels, maps)
    print(float(metric.result()), metric.recall())  # 100.0 100.0
    ```
    """

    def __init__(self, iou: float = 0.5, name="box_ap", **kwargs):
        super().__init__(name=name, **{"dtype": label_dtype(), **kwargs})
        if not 0 < iou <= 1:
            raise ValueError(f"`iou` must be above 0, up to 1. Received: iou={iou!r}")
        self.iou = iou
        self.true = self.add_variable((BINS,), "zeros", self.dtype, name="true")
        self.false = self.add_variable((BINS,), "zeros", self.dtype, name="false")
        self.people = self.add_variable((), "zeros", self.dtype, name="people")
        self.photographs = self.add_variable(
            (), "zeros", self.dtype, name="photographs"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch of photographs, each as often as its sample weight says.

        A photograph that is ignored as a whole, as padding is, does not count.
        """
        labels = ops.cast(ops.convert_to_tensor(y_true), self.dtype)
        maps = ops.cast(ops.convert_to_tensor(y_pred)[:, -1], self.dtype)
        boxes, scores = decode_boxes(maps)
        size = maps.shape[2], maps.shape[1]
        boxes = clip_boxes(boxes, size)
        matched = match_boxes(boxes, scores, labels, self.iou)
        ignored = _cover(boxes, labels) >= self.iou
        times = ops.cast(ops.logical_not(is_blank(labels, size)), self.dtype)
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            times = times * ops.reshape(weight, (-1,))
        counted = ops.where(scores > 0, times[:, None], 0)
        bins = ops.cast(ops.minimum(scores * BINS, BINS - 1), "int32")
        for total, chosen in [
            (self.true, matched),
            (self.false, ops.logical_not(matched | ignored)),
        ]:
            values = ops.reshape(ops.where(chosen, counted, 0), (-1,))
            total.assign_add(ops.segment_sum(values, ops.reshape(bins, (-1,)), BINS))
        people = ops.sum(ops.cast(labels[..., 4] > 0, self.dtype), axis=-1)
        self.people.assign_add(ops.sum(people * times))
        self.photographs.assign_add(ops.sum(times))

    def result(self):
        """Returns the average precision, in percent; 0 without people."""
        true, false = self._above()
        recall = true / ops.maximum(self.people, 1)
        precision = ops.divide_no_nan(true, true + false)
        least = ops.linspace(0.0, 1.0, RECALL_LEVELS, dtype=self.dtype) - 1e-6
        reached = ops.where(recall >= least[:, None], precision, 0)
        return 100 * ops.mean(ops.max(reached, axis=-1))

    def recall(self, false_boxes: float = FALSE_PER_PHOTOGRAPH) -> float:
        """Returns the percentage of people that are found.

        Args:
            false_boxes: False boxes on a photograph, on the average, that are allowed:
                the least score is chosen by them.
        """
        true, false = map(ops.convert_to_numpy, self._above())
        allowed = true[false <= false_boxes * float(self.photographs)]
        return 100 * float(allowed.max(initial=0) / max(float(self.people), 1))

    def _above(self):
        """Counts true and false boxes whose score is in a bin or above it."""
        return (
            ops.flip(ops.cumsum(ops.flip(ops.convert_to_tensor(total))))
            for total in (self.true, self.false)
        )

    def get_config(self):
        return {**super().get_config(), "iou": self.iou}


def match_boxes(boxes, scores, labels, iou: float):
    """Matches boxes with people, greedily in falling order of their scores.

    Each round matches all boxes, given the round before it: they settle from the
    highest score on.

    Args:
        boxes: `(batch, boxes, 4)`, the highest score first.
        scores: `(batch, boxes)`; those with 0 match no person.
        labels: `(batch, rows, 5)`.
        iou: Least intersection over union.

    Returns:
        `(batch, boxes)`, bool: whether a box has a person.
    """
    rows = labels.shape[1]
    overlap = box_iou(boxes[:, :, None], labels[:, None, :, :4])
    possible = (labels[:, None, :, 4] > 0) & (scores[..., None] > 0)
    overlap = ops.where(possible & (overlap >= iou), overlap, 0)
    match = ops.zeros_like(overlap)
    for _ in range(MATCH_ROUNDS):
        taken = ops.cumsum(match, axis=1) - match  # by boxes of a higher score
        left = ops.where(taken > 0, 0, overlap)
        best = ops.one_hot(ops.argmax(left, axis=-1), rows, dtype=overlap.dtype)
        match = ops.where(left > 0, best, 0)
    return ops.max(match, axis=-1) > 0


def _cover(boxes, labels):
    """Returns the largest share of each box that an ignored area covers."""
    boxes, areas = boxes[:, :, None], labels[:, None]
    low = ops.maximum(boxes[..., :2], areas[..., :2])
    high = ops.minimum(
        boxes[..., :2] + boxes[..., 2:], areas[..., :2] + areas[..., 2:4]
    )
    both = ops.prod(ops.maximum(high - low, 0), axis=-1)
    share = both / ops.maximum(ops.prod(boxes[..., 2:], axis=-1), 1e-6)
    return ops.max(ops.where(areas[..., 4] < 0, share, 0), axis=-1)
