"""Maps of a person detector: training labels, targets, and decoding into boxes.

A person is the point in the middle of a box, as in Zhou et al., Objects as Points,
2019, https://arxiv.org/abs/1904.07850: one map is high there. Four more maps hold, at
each pixel, the distances to the sides of the box, which are trained around the middle,
as in Liu et al., Training-Time-Friendly Network for Real-Time Object Detection, AAAI
2020, https://arxiv.org/abs/1909.00700.

A training label is `(rows, 5)`: a box x, y, width, height, in heatmap pixels, and its
weight: 1 for a person, `IGNORED` for an area that is neither person nor background,
such as a crowd under one label, 0 for a row that is empty. A photograph that is ignored
as a whole, such as padding, is neither trained nor scored. A box begins at the index of
its first pixel, as those of images do.

The same lines run on tensors, by `keras.ops`, and on arrays, by `NUMPY`, without Keras.
"""

from typing import NamedTuple

from keras_hourglass.heatmaps.array_library import keras_ops

# The logit of the middle; logarithms of the distances to left, top, right, bottom.
CHANNELS = 5
IGNORED = -1.0  # weight of an area whose pixels are not trained
SIGMA = 0.1  # standard deviation of the target around a middle, in sides of the box
MIN_SIGMA = 0.8  # heatmap pixels
CORE = 0.3  # of a target: above it, distances are trained
DISTANCES = -3.0, 7.0  # least and greatest logarithm, of heatmap pixels
PEAKS = 128  # highest peaks that are decoded
MAX_IOU = 0.6  # of two boxes: above it, the one with the lower score is suppressed
NMS_ROUNDS = 12  # a chain of boxes, each suppressed by the one before, is that long


class BoxTargets(NamedTuple):
    """Targets of a person detector's maps.

    Attributes:
        centers: `(batch, height, width)`, 1 at the pixel of a person's middle, falling
            around it.
        trained: The same shape, bool, false where an ignored area lies.
        boxes: `(batch, height, width, 4)`, the distances to the sides of the box of the
            person whose middle is near, in heatmap pixels.
        weights: `(batch, height, width)`, of the distances; they sum to 1 for a person.
        count: `()`, people in the batch, at least 1.
    """

    centers: object
    trained: object
    boxes: object
    weights: object
    count: object


def encode_boxes(labels, size: tuple[int, int]) -> BoxTargets:
    """Encodes boxes as the targets of a detector's maps.

    Args:
        labels: `(batch, rows, 5)`, see above; a tensor.
        size: Width and height of the maps.
    """
    ops = keras_ops()
    weight = labels[..., 4]
    person, ignored = weight > 0, weight < 0
    corner, sides = labels[..., :2], ops.maximum(labels[..., 2:4], 1e-3)
    middle = ops.round(corner + (sides - 1) / 2)
    middle = ops.clip(middle, 0, ops.convert_to_tensor(size, middle.dtype) - 1)
    sigma = ops.maximum(SIGMA * sides, MIN_SIGMA)
    pixels = [ops.arange(length, dtype=labels.dtype)[:, None] for length in size]

    def over_maps(of_axis):
        """Multiplies a function of columns and of rows: `(batch, height, width, N)`."""
        columns, rows = (of_axis(axis, pixels[axis]) for axis in (0, 1))
        return rows[:, :, None] * columns[:, None]

    def gaussian(axis, pixel):
        distance = pixel - middle[:, None, :, axis]
        return ops.exp(-0.5 * ops.square(distance / sigma[:, None, :, axis]))

    def inside(axis, pixel):
        start = corner[:, None, :, axis] - 0.5
        end = start + sides[:, None, :, axis]
        return ops.cast((pixel >= start) & (pixel <= end), labels.dtype)

    each = ops.where(person[:, None, None], over_maps(gaussian), 0)
    centers = ops.max(each, axis=-1)
    owner = ops.cast((each == centers[..., None]) & (each > CORE), labels.dtype)
    share = owner * each
    share = share / ops.maximum(ops.sum(share, axis=(1, 2), keepdims=True), 1e-6)
    owner = owner / ops.maximum(ops.sum(owner, axis=-1, keepdims=True), 1)
    start, end = corner - 0.5, corner - 0.5 + sides
    edges = ops.einsum("bhwn,bnk->bhwk", owner, ops.concatenate([start, end], -1))
    in_ignored = over_maps(inside) * ops.cast(ignored[:, None, None], labels.dtype)
    return BoxTargets(
        centers,
        (ops.max(in_ignored, axis=-1) == 0) | (centers > CORE),
        _distances(edges, size, ops),
        ops.sum(share, axis=-1),
        ops.maximum(ops.sum(ops.cast(person, labels.dtype)), 1),
    )


def blank_row(size: tuple[int, int]) -> tuple[float, ...]:
    """Returns the row that makes the label of a photograph ignored as a whole.

    Args:
        size: Width and height of the maps.
    """
    return 0.0, 0.0, *map(float, size), IGNORED


def is_blank(labels, size: tuple[int, int]):
    """Computes which photographs are ignored as a whole: `(batch,)`, bool.

    Args:
        labels: `(batch, rows, 5)`, see above; a tensor.
        size: Width and height of the maps.
    """
    ops = keras_ops()
    start, end = labels[..., :2], labels[..., :2] + labels[..., 2:4]
    size = ops.convert_to_tensor(size, labels.dtype)
    whole = ops.all(start <= 0, axis=-1) & ops.all(end >= size, axis=-1)
    ignored = ops.any(whole & (labels[..., 4] < 0), axis=-1)
    return ignored & ops.logical_not(ops.any(labels[..., 4] > 0, axis=-1))


def _pixel_grid(size, dtype, ops):
    """x, y, x, y of each pixel: `(height, width, 4)`."""
    width, height = size
    x = ops.arange(width, dtype=dtype)[None] + ops.zeros((height, 1), dtype)
    y = ops.arange(height, dtype=dtype)[:, None] + ops.zeros((1, width), dtype)
    return ops.stack([x, y, x, y], axis=-1)


def _distances(edges, size, ops):
    """Computes distances of each pixel to left, top, right and bottom, `(..., 4)`."""
    signs = ops.convert_to_tensor([1.0, 1.0, -1.0, -1.0], dtype=edges.dtype)
    return (_pixel_grid(size, edges.dtype, ops) - edges) * signs


def decode_boxes(maps, max_iou: float = MAX_IOU, array_library=None):
    """Decodes maps into boxes: peaks of 3 x 3 pixels, then non-maximum suppression.

    Args:
        maps: `(batch, height, width, 5)`, a detector's, of its last stack.
        max_iou: Intersection over union of two boxes above which the one with the lower
            score is suppressed.
        array_library: `NUMPY` for arrays; by default `keras.ops`.

    Returns:
        Boxes `(batch, peaks, 4)`, x, y, width, height in heatmap pixels, and their
        scores `(batch, peaks)`, 0 to 1, the highest first; that of a box that is
        suppressed is 0. Their number, `PEAKS` or that of all pixels, is fixed.
    """
    ops = array_library or keras_ops()
    _, height, width, _ = maps.shape
    scores = 1 / (1 + ops.exp(-maps[..., 0]))
    peaks = ops.where(scores == _max_3x3(scores, ops), scores, 0)
    count = min(PEAKS, height * width)
    scores, index = ops.top_k(ops.reshape(peaks, (-1, height * width)), count)
    logs = ops.reshape(maps[..., 1:], (-1, height * width, 4))
    logs = ops.take_along_axis(logs, index[..., None], axis=1)
    left, top, right, bottom = (
        ops.exp(ops.clip(logs[..., side], *DISTANCES)) for side in range(4)
    )
    x = ops.cast(index % width, logs.dtype) - left + 0.5
    y = ops.cast(index // width, logs.dtype) - top + 0.5
    boxes = ops.stack([x, y, left + right, top + bottom], axis=-1)
    keep = _keep(boxes, max_iou, ops)
    return boxes, scores * ops.cast(keep, scores.dtype)


def _max_3x3(values, ops):
    """Takes the maximum of 3 x 3 pixels around each, of `(batch, height, width)`."""
    for axis in (1, 2):
        pad = [(0, 0)] * 3
        pad[axis] = (1, 1)
        padded = ops.pad(values, pad)  # with 0: scores are above
        length = values.shape[axis]
        shifted = [
            padded[:, start : start + length]
            if axis == 1
            else padded[:, :, start : start + length]
            for start in range(3)
        ]
        values = ops.maximum(ops.maximum(*shifted[:2]), shifted[2])
    return values


def box_iou(a, b, array_library=None):
    """Computes the intersection over union of boxes x, y, width, height, `(..., 4)`."""
    ops = array_library or keras_ops()
    low = ops.maximum(a[..., :2], b[..., :2])
    high = ops.minimum(a[..., :2] + a[..., 2:4], b[..., :2] + b[..., 2:4])
    sides = ops.maximum(high - low, 0)
    both = sides[..., 0] * sides[..., 1]
    total = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3]
    return both / ops.maximum(total - both, 1e-6)


def clip_boxes(boxes, size, array_library=None):
    """Clips boxes x, y, width, height, `(..., 4)`, to an image or to maps.

    Args:
        boxes: In pixels; those that lie outside get sides of 0.
        size: Width and height, in the same pixels.
        array_library: `NUMPY` for arrays; by default `keras.ops`.
    """
    ops = array_library or keras_ops()
    limit = ops.convert_to_tensor(size, dtype=boxes.dtype)
    low = ops.clip(boxes[..., :2], 0, limit)
    high = ops.clip(boxes[..., :2] + boxes[..., 2:4], 0, limit)
    return ops.concatenate([low, high - low], axis=-1)


def _keep(boxes, max_iou, ops):
    """Greedy non-maximum suppression of boxes in falling order of scores.

    Each round suppresses what a box that is kept overlaps, all at once; the rounds
    settle from the highest score on.
    """
    overlap = box_iou(boxes[:, :, None], boxes[:, None], ops) > max_iou
    order = ops.arange(boxes.shape[1])
    beats = ops.cast(overlap & (order[:, None] > order[None]), boxes.dtype)
    keep = ops.ones_like(boxes[..., 0])
    for _ in range(NMS_ROUNDS):
        keep = ops.cast(ops.max(beats * keep[:, None], axis=-1) < 0.5, boxes.dtype)
    return keep > 0.5
