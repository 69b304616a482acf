import keras
import numpy as np
import pytest

from keras_hourglass import BoxAP
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import IGNORED, box_iou, decode_boxes
from keras_hourglass.metrics.box_ap import match_boxes

WIDTH, HEIGHT, ROWS = 24, 20, 6


def maps_of(*photographs):
    """Maps of photographs, each a list of (x, y, width, height, logit of its score)."""
    maps = np.full((len(photographs), 1, HEIGHT, WIDTH, 5), -20.0, "float32")
    for each, boxes in zip(maps, photographs):
        for x, y, width, height, logit in boxes:
            column, row = round(x + (width - 1) / 2), round(y + (height - 1) / 2)
            distances = [column - x + 0.5, row - y + 0.5]
            distances += [x + width - 0.5 - column, y + height - 0.5 - row]
            each[0, row, column] = [logit, *np.log(distances)]
    return maps


def labels_of(*photographs):
    labels = np.zeros((len(photographs), ROWS, 5), "float32")
    for each, rows in zip(labels, photographs):
        each[: len(rows)] = np.reshape(rows, (-1, 5))
    return labels


def score(labels, maps, *sample_weight, **options):
    metric = BoxAP(**options)
    metric.update_state(labels, maps, *sample_weight)
    return float(metric.result()), metric.recall()


def random_data(seed):
    random = np.random.default_rng(seed)
    maps = random.normal(-1, 2, (6, 2, HEIGHT, WIDTH, 5)).astype("float32")
    maps[..., 1:] = np.log(4) + 0.3 * random.normal(size=maps[..., 1:].shape)
    corners = random.uniform(0, (WIDTH - 9, HEIGHT - 9), (6, ROWS, 2))
    sides = random.uniform(6, 9, (6, ROWS, 2))
    weights = random.choice([1, 1, 1, IGNORED, 0], (6, ROWS, 1))
    return np.concatenate([corners, sides, weights], -1).astype("float32"), maps


def greedy(labels, maps, iou):
    """Plain matching, photograph by photograph: [(score, whether it is true)]."""
    counted = []
    for label, boxes, scores in zip(labels, *decode_boxes(maps, array_library=NUMPY)):
        low = np.clip(boxes[:, :2], 0, (WIDTH, HEIGHT))
        high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (WIDTH, HEIGHT))
        left = [row for row in label if row[4] > 0]
        for box, each in zip(np.hstack([low, high - low]), scores):
            if not each:
                continue
            overlaps = [box_iou(box, row[:4], NUMPY) for row in left]
            if overlaps and max(overlaps) >= iou:
                left.pop(int(np.argmax(overlaps)))
                counted.append((each, True))
                continue
            excused = False
            for x, y, width, height, weight in label:
                across = min(box[0] + box[2], x + width) - max(box[0], x)
                down = min(box[1] + box[3], y + height) - max(box[1], y)
                covered = max(across, 0) * max(down, 0) / max(box[2] * box[3], 1e-6)
                excused |= weight < 0 and covered >= iou
            if not excused:
                counted.append((each, False))
    return sorted(counted, reverse=True)


def plain_scores(labels, maps, iou):
    """Average precision at 101 recalls, and recall at half a false box."""
    true = np.array([kind for _, kind in greedy(labels, maps, iou)])
    people = (labels[..., 4] > 0).sum()
    recall = np.cumsum(true) / people
    precision = np.cumsum(true) / np.arange(1, len(true) + 1)
    reached = [precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 101)]
    allowed = np.cumsum(~true) <= 0.5 * len(labels)
    return 100 * np.mean(reached), 100 * recall[allowed].max(initial=0)


PERSON, OTHER = [2, 3, 6, 8], [14, 5, 5, 10]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("iou", [0.3, 0.5])
def test_it_is_that_of_plain_greedy_matching(seed, iou):
    labels, maps = random_data(seed)
    ap, recall = score(labels, maps, iou=iou)
    expected_ap, expected_recall = plain_scores(labels, maps[:, -1], iou)
    assert 1 < expected_ap < 99
    assert ap == pytest.approx(expected_ap, abs=0.5)  # by the bins of the histogram
    people = (labels[..., 4] > 0).sum()
    assert recall == pytest.approx(expected_recall, abs=101 / people)  # one person


def test_matches_are_those_of_plain_greedy_matching():
    random = np.random.default_rng(7)
    sides = np.full((4, 40, 2), 8.0)
    boxes = np.concatenate([random.uniform(0, 12, (4, 40, 2)), sides], -1)
    rows = np.concatenate([random.uniform(0, 12, (4, 9, 2)), sides[:, :9]], -1)
    labels = np.concatenate([rows, np.ones((4, 9, 1))], -1)
    expected = np.zeros((4, 40), bool)
    for photograph in range(4):
        left = [*range(9)]
        for box in range(40):
            overlaps = box_iou(boxes[photograph, box], rows[photograph, left], NUMPY)
            if left and overlaps.max() >= 0.5:
                left.pop(int(overlaps.argmax()))
                expected[photograph, box] = True
    given = [keras.ops.convert_to_tensor(x, "float32") for x in (boxes, labels)]
    got = match_boxes(given[0], keras.ops.ones((4, 40)), given[1], 0.5)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(got), expected)
    assert expected.any() and not expected.all()


def test_precision_and_recall_are_those_worked_by_hand():
    labels = labels_of([[*PERSON, 1]], [[*PERSON, 1], [*OTHER, 1]])
    # In falling order: true, false, true; one of three people is never found.
    maps = maps_of([[*PERSON, 3]], [[16, 0, 4, 4, 2], [*PERSON, 1]])
    ap, recall = score(labels, maps)
    # Precision 1 up to recall 1/3 (0.00 to 0.33), 2/3 up to 2/3 (0.34 to 0.66).
    assert ap == pytest.approx(100 * (34 + 33 * 2 / 3) / 101, abs=1e-3)
    assert recall == pytest.approx(100 * 2 / 3, abs=1e-3)  # one false box on two


def test_a_second_box_of_a_person_is_false():
    found = [*PERSON, 3]
    twice = maps_of([[*PERSON, 3], [2, 5, 6, 8, 2]])  # IoU 0.6, not suppressed
    assert score(labels_of([[*PERSON, 1]]), maps_of([found])) == (100, 100)
    metric = BoxAP()
    metric.update_state(labels_of([[*PERSON, 1]]), twice)
    assert float(keras.ops.sum(metric.true)) == 1
    assert float(keras.ops.sum(metric.false)) > 0


def test_boxes_in_ignored_areas_are_not_counted():
    crowd = [13, 2, 9, 14, IGNORED]
    maps = maps_of([[*OTHER, 5], [*PERSON, 3]])
    assert score(labels_of([[*PERSON, 1], crowd]), maps) == (100, 100)
    ap, recall = score(labels_of([[*PERSON, 1]]), maps)
    assert ap == pytest.approx(50) and recall == 0
    assert score(labels_of([crowd]), maps)[0] == 0  # without people
    # Six of ten rows of the other box are covered.
    crowd = [13, 2, 9, 9, IGNORED]
    assert score(labels_of([[*PERSON, 1], crowd]), maps) == (100, 100)
    assert score(labels_of([[*PERSON, 1], crowd]), maps, iou=0.75)[1] == 0


def test_a_photograph_that_is_ignored_as_a_whole_does_not_count():
    whole = [0, 0, WIDTH, HEIGHT, IGNORED]
    maps = maps_of([[*OTHER, 5], [*PERSON, 3]], [])  # with one false box
    assert score(labels_of([[*PERSON, 1]], [whole]), maps)[1] == 0
    assert score(labels_of([[*PERSON, 1]], []), maps)[1] == 100
    found = maps_of([[*PERSON, 3]], [[*OTHER, 5]])
    assert score(labels_of([[*PERSON, 1], whole], []), found)[1] == 100


def test_sample_weights_count_photographs():
    labels = labels_of([[*PERSON, 1]], [[*PERSON, 1]])
    maps = maps_of([[*PERSON, 3]], [])
    assert score(labels, maps)[1] == pytest.approx(50)
    assert score(labels, maps, np.array([1.0, 0.0])) == (100, 100)
    assert score(labels, maps, np.array([[3.0], [1.0]]))[1] == pytest.approx(75)


def test_batches_add_up_and_a_reset_forgets_them():
    labels, maps = random_data(5)
    metric = BoxAP()
    for part in (slice(4), slice(4, 6)):
        metric.update_state(labels[part], maps[part])
    assert (float(metric.result()), metric.recall()) == score(labels, maps)
    metric.reset_state()
    assert float(metric.result()) == 0 and metric.recall() == 0


def test_it_comes_back_from_its_configuration():
    metric = keras.metrics.deserialize(keras.metrics.serialize(BoxAP(0.75, "ap75")))
    assert isinstance(metric, BoxAP) and (metric.iou, metric.name) == (0.75, "ap75")
    with pytest.raises(ValueError, match="`iou`.*Received: iou=0"):
        BoxAP(0)
