import keras
import numpy as np
import pytest

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import (
    CORE,
    IGNORED,
    MIN_SIGMA,
    PEAKS,
    _keep,
    box_iou,
    clip_boxes,
    decode_boxes,
    encode_boxes,
)

SIZE = 40, 32  # width and height of the maps
BOXES = np.array([[3, 2, 4, 6], [20, 1, 12, 20], [6, 16, 9, 15]], "float32")


def labels(boxes, weight=1.0, rows=8):
    label = np.zeros((1, rows, 5), "float32")
    label[0, : len(boxes)] = np.insert(np.asarray(boxes, "float32"), 4, weight, -1)
    return label


def encode(label, size=SIZE):
    targets = encode_boxes(keras.ops.convert_to_tensor(label), size)
    return type(targets)(*map(keras.ops.convert_to_numpy, targets))


def perfect_maps(targets):
    """Maps of a network that knows the targets: score 1 / (1 + e^-8) at a middle."""
    logit = np.where(targets.centers == 1, 8, -8 + 4 * targets.centers)
    logs = np.log(np.maximum(targets.boxes, 1e-3))
    return np.concatenate([logit[..., None], logs], -1).astype("float32")


def greedy(boxes, scores, max_iou):
    """Plain non-maximum suppression: the indices of boxes that are kept."""
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if all(box_iou(boxes[i], boxes[j], NUMPY) <= max_iou for j in kept):
            kept.append(i)
    return kept


def random_maps(seed, size=(20, 16)):
    random, (width, height) = np.random.default_rng(seed), size
    maps = random.normal(0, 1, (3, height, width, 5)).astype("float32")
    maps[..., 1:] += np.log(4)
    return maps


def test_boxes_come_back_from_their_targets():
    maps = perfect_maps(encode(labels(BOXES)))
    for found, scores in [
        decode_boxes(keras.ops.convert_to_tensor(maps)),
        decode_boxes(maps, array_library=NUMPY),
    ]:
        found, scores = np.asarray(found[0]), np.asarray(scores[0])
        assert found.shape == (PEAKS, 4)
        sure = found[scores > 0.5]
        order = np.argsort(sure[:, 0])
        np.testing.assert_allclose(
            sure[order], BOXES[np.argsort(BOXES[:, 0])], atol=1e-3
        )


def test_targets_are_those_worked_by_hand():
    # Columns 3 to 6, rows 2 to 7: the box spans 2.5 to 6.5 and 1.5 to 7.5.
    targets = encode(labels([[3, 2, 4, 6]]))
    assert np.argwhere(targets.centers == 1).tolist() == [[0, 4, 4]]
    np.testing.assert_allclose(targets.boxes[0, 4, 4], [1.5, 2.5, 2.5, 3.5])
    np.testing.assert_allclose(targets.boxes[0, 4, 5], [2.5, 2.5, 1.5, 3.5])
    near = np.exp(-0.5 / MIN_SIGMA**2)
    np.testing.assert_allclose(targets.centers[0, 4, 5], near, rtol=1e-5)
    cross = np.argwhere(targets.weights[0] > 0)
    assert near > CORE > near**2 and len(cross) == 5  # its corners are below
    np.testing.assert_allclose(targets.weights[0, 4, 4], 1 / (1 + 4 * near), rtol=1e-5)
    assert targets.count == 1 and targets.trained.all()


def test_weights_of_each_person_sum_to_1():
    targets = encode(labels(BOXES))
    np.testing.assert_allclose(targets.weights.sum(), len(BOXES), rtol=1e-5)
    assert targets.count == len(BOXES)


def test_an_ignored_area_is_not_trained_but_where_a_person_is():
    area = labels([[10, 10, 3, 2]], IGNORED)
    targets = encode(area)
    rows, columns = np.nonzero(~targets.trained[0])
    assert {*rows} == {10, 11} and {*columns} == {10, 11, 12}
    assert not targets.centers.any() and not targets.weights.any()
    assert targets.count == 1  # no division by 0
    both = np.concatenate([area, labels([[9, 9, 4, 4]])], axis=1)
    targets = encode(both)
    assert targets.trained[targets.centers > CORE].all() and not targets.trained.all()


def test_a_middle_off_the_maps_is_at_their_edge():
    targets = encode(labels([[38, -9, 6, 10]]))
    assert np.argwhere(targets.centers == 1).tolist() == [[0, 0, 39]]


def test_arrays_and_tensors_are_decoded_alike():
    maps = random_maps(0)
    boxes, scores = decode_boxes(maps, array_library=NUMPY)
    found = decode_boxes(keras.ops.convert_to_tensor(maps))
    found, found_scores = map(keras.ops.convert_to_numpy, found)
    np.testing.assert_allclose(found_scores, scores, atol=1e-5)
    # Pixels that are no peak have score 0 and no order.
    np.testing.assert_allclose(found[scores > 0], boxes[scores > 0], rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_suppression_is_that_of_a_plain_greedy_one(seed):
    boxes, scores = decode_boxes(random_maps(seed), 2.0, NUMPY)  # none suppressed
    _, kept_scores = decode_boxes(random_maps(seed), 0.3, NUMPY)
    for box, score, kept in zip(boxes, scores, kept_scores):
        found = greedy(box, score, 0.3)
        assert 0 < len(found) < len(box)
        there = score > 0  # of rows without a peak, all scores are 0
        assert {*np.flatnonzero(kept)} == {*found} & {*np.flatnonzero(there)}


def test_a_chain_of_boxes_keeps_every_second():
    boxes = np.array([[[3.0 * i, 0, 10, 10] for i in range(12)]])
    keep = _keep(boxes, 0.5, NUMPY)  # neighbors overlap by 7 / 13, others by 4 / 16
    assert keep[0].tolist() == [True, False] * 6


def test_iou_is_that_worked_by_hand():
    a, b = np.array([0.0, 0, 4, 2]), np.array([2.0, 1, 4, 2])
    assert box_iou(a, b, NUMPY) == pytest.approx(2 / 14)
    assert box_iou(a, a, NUMPY) == 1 and box_iou(a, b + 10, NUMPY) == 0
    assert box_iou(a, np.zeros(4), NUMPY) == 0
    tensor = keras.ops.convert_to_tensor(np.stack([a, b])[:, None])
    pairs = box_iou(tensor, keras.ops.convert_to_tensor(np.stack([a, b])[None]))
    np.testing.assert_allclose(np.asarray(pairs), [[1, 1 / 7], [1 / 7, 1]], rtol=1e-6)


@pytest.mark.parametrize("library", [None, NUMPY], ids=["keras", "numpy"])
def test_boxes_are_clipped_to_the_image(library):
    boxes = np.array([[-5.0, 2, 20, 2], [12, 0, 4, 1]])
    clipped = np.asarray(clip_boxes(boxes, (10, 3), library))
    np.testing.assert_allclose(clipped, [[0, 2, 10, 1], [10, 0, 0, 1]])
