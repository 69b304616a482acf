"""Matching of boxes with people, and precision: by hand, and as pycocotools does it."""

from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from keras_hourglass.evaluation.detection import precision
from keras_hourglass.evaluation.detection.matching import (
    assign,
    box_similarities,
    join,
    match,
)

NOBODY = np.zeros(0, bool)


def matched(similarity, scores, ignored=None, is_crowd=None, **options):
    people = len(similarity[0])
    ignored = np.array(ignored or [False] * people)
    is_crowd = np.array(is_crowd or [False] * people)
    return match(np.array(similarity), np.array(scores), ignored, is_crowd, **options)


def test_the_higher_score_takes_the_person():
    matches = matched([[0.6], [0.9]], [0.8, 0.3])
    assert matches.correct[0].tolist() == [True, False]
    assert matches.counted.all() and matches.taken[0].all()
    assert not matches.correct[-1].any()  # 0.95


def test_an_ignored_person_excuses_one_prediction_and_a_crowd_all():
    similarity, scores = [[0.9], [0.8], [0.7]], [0.9, 0.8, 0.7]
    one = matched(similarity, scores, ignored=[True])
    assert one.counted[0].tolist() == [False, True, True] and one.people == [0]
    crowd = matched(similarity, scores, ignored=[True], is_crowd=[True])
    assert not crowd.counted[0].any() and not crowd.correct.any()


def test_a_person_that_counts_goes_before_an_ignored_one():
    matches = matched([[0.9, 0.6]], [1.0], ignored=[True, False])
    assert matches.correct[0].all() and matches.taken[0].all()


def test_false_boxes_of_other_sizes_are_not_counted():
    matches = matched([[0.9], [0.0]], [0.9, 0.8], in_range=np.array([False, False]))
    assert matches.correct[0].tolist() == [True, False]
    assert matches.counted[0].tolist() == [True, False]


def test_predictions_are_assigned_once_each_the_most_similar_first():
    """The second person's best is taken by the first; its next is not enough."""
    similarity = [[0.9, 0.8, 0.0], [0.6, 0.4, 0.0], [0.0, 0.0, 0.5]]
    assert assign(similarity, 0.5).tolist() == [0, -1, 2]
    assert assign(similarity, 0.4).tolist() == [0, 1, 2]
    assert assign(np.zeros((0, 2)), 0.5).tolist() == [-1, -1]
    assert assign(np.zeros((2, 0)), 0.5).tolist() == []


def test_precision_and_recall_by_hand():
    """Two of three people are found; the second of the boxes is false."""
    matches = join(
        [
            matched([[1.0, 0.0], [0.0, 0.0]], [0.9, 0.8]),
            matched([[1.0]], [0.7]),
        ]
    )
    scores = precision.summarize(matches)
    # Precision is 1 up to a recall of 1/3 (34 of 101 recalls), then 2/3 up to 2/3.
    assert scores["AP50"] == pytest.approx(100 * (34 + 33 * 2 / 3) / 101)
    assert scores["AP"] == pytest.approx(scores["AP50"])
    assert scores["people"] == 3 and scores["photographs"] == 2
    assert scores["recall"] == pytest.approx(200 / 3) and scores["score"] == 0.7
    curves = precision.Curves(matches)
    assert curves.recall(0) == pytest.approx(100 / 3)
    counts = precision.count_at(matches, 0.75)
    assert [counts[name] for name in ("found", "missed", "false")] == [1, 2, 1]
    assert counts["f1"] == pytest.approx(40)


def test_a_photograph_counted_twice_is_two_photographs():
    one, two = matched([[0.8], [0.1]], [0.9, 0.95]), matched([[0.6]], [0.5])
    weighted = precision.Curves(join([one, two]), np.array([2.0, 1.0]))
    twice = precision.Curves(join([one, one, two]))
    np.testing.assert_allclose(weighted.average_precision(), twice.average_precision())
    assert weighted.recall() == twice.recall()


def test_photographs_without_boxes_or_people_are_counted():
    nobody = match(np.zeros((1, 0)), np.array([0.9]), NOBODY, NOBODY)
    missed = matched([[0.0]], [0.5])
    scores = precision.summarize(join([nobody, missed]))
    assert scores["AP"] == 0 and scores["people"] == 1 and scores["recall"] == 0
    assert np.isnan(precision.summarize(nobody)["AP"])


def test_similarities_of_boxes_by_hand():
    boxes, truth = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 10, 10]] * 2)
    similarity = box_similarities(boxes, truth, np.array([False, True]))
    np.testing.assert_allclose(similarity, [[1 / 3, 1 / 2]])


def scene(random):
    """Boxes of a photograph, found and true, of which some are crowds."""
    low, sides = random.uniform(0, 80, (6, 2)), random.uniform(5, 60, (6, 2))
    truth = np.concatenate([low, sides], axis=1)[: random.integers(0, 7)]
    near = truth[random.integers(len(truth), size=9)] if len(truth) else truth
    boxes = np.concatenate([near + random.normal(0, 3, near.shape), truth[:2] + 40])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    scores = random.permutation(1000)[: len(boxes)] / 1000
    return boxes, scores, truth, random.random(len(truth)) < 0.2


@pytest.mark.parametrize("area", [(0, 1e9), (900, 1e9)], ids=["all", "large"])
def test_average_precision_is_that_of_pycocotools(area):
    pytest.importorskip("pycocotools")
    random = np.random.default_rng(0)
    scenes = [scene(random) for _ in range(40)]
    expected = of_pycocotools(scenes, area)
    matches = []
    for boxes, scores, truth, is_crowd in scenes:
        small = (truth[:, 2:].prod(1) < area[0]) | is_crowd
        similarity = box_similarities(boxes, truth, is_crowd)
        in_range = boxes[:, 2:].prod(1) >= area[0]
        matches.append(match(similarity, scores, small, is_crowd, in_range))
    scores = precision.summarize(join(matches))
    ours = [scores[name] / 100 for name in ("AP", "AP50", "AP75")]
    np.testing.assert_allclose(ours, expected, atol=1e-9)
    assert 0.2 < ours[1] < 0.9


def of_pycocotools(scenes, area):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    annotations, results = [], []
    for image, (boxes, scores, truth, is_crowd) in enumerate(scenes):
        common = {"image_id": image, "category_id": 1}
        for box, crowd in zip(truth, is_crowd):
            annotations.append(
                {
                    **{**common, "id": len(annotations) + 1, "iscrowd": int(crowd)},
                    **{"bbox": box.tolist(), "area": box[2] * box[3]},
                }
            )
        results += [
            {**common, "bbox": box.tolist(), "score": score}
            for box, score in zip(boxes, scores)
        ]
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": number} for number in range(len(scenes))],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": annotations,
    }
    with redirect_stdout(StringIO()):
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(results), "bbox")
        judge.params.areaRng, judge.params.areaRngLbl = [area], ["chosen"]
        judge.params.maxDets = [1000]
        judge.evaluate()
        judge.accumulate()
    table = judge.eval["precision"][:, :, 0, 0, 0].mean(1)
    return table.mean(), table[0], table[5]
