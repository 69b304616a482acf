"""Windows in which people are predicted: true, shaken, and of a detector's boxes."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.warp import BOX_PADDING
from keras_hourglass.evaluation.bootstrap import compare_models
from keras_hourglass.evaluation.detection.windows import get_windows, true_boxes
from keras_hourglass.evaluation.evaluator import (
    Evaluator,
    evaluate_models,
    nest_scores,
)
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.inference.views import ViewBuilder
from keras_hourglass.skeletons import COCO, MPII

# Of each photograph, 200 x 160: the boxes of its people.
BOXES = {"0.png": [[10, 20, 60, 90], [100, 30, 40, 100]], "1.png": [[30, 40, 80, 50]]}


@pytest.fixture
def people(tmp_path):
    """Three people on two photographs, in windows of their boxes."""
    rng, rows = np.random.default_rng(0), []
    for number, (name, boxes) in enumerate(BOXES.items()):
        pixels = rng.integers(0, 200, (160, 200, 3), dtype="uint8")
        pixels[0, 0] = number  # by which the detector knows it
        cv2.imwrite(str(tmp_path / name), pixels)
        for box in np.array(boxes, float):
            joints = box[:2] + rng.uniform(0, 1, (16, 2)) * box[2:]
            row = {"image": str(tmp_path / name), "joints": joints}
            row |= {"weights": np.ones(16), "box_size": box[2:], "head_size": 12}
            row |= {"center": box[:2] + (box[2:] - 1) / 2}
            rows.append(row | {"side": BOX_PADDING * box[2:].max()})
    return from_rows(MPII, rows)


def moved_by_two(image):
    """All boxes, two pixels off, each with a worse one of a higher score beside it."""
    boxes = np.array([*BOXES.values()][image[0, 0, 0]], float)
    worse = boxes * (1, 1, 1, 0.7)
    rows = np.concatenate([boxes + (2, 2, 0, 0), worse])
    scores = [0.5] * len(boxes) + [0.9] * len(boxes)
    return np.column_stack([rows, scores])


def test_true_windows_are_those_of_the_dataset(people):
    assert get_windows("true").place(people) == (people, None)


def test_true_boxes_follow_from_windows_or_from_joints(people):
    boxes = np.concatenate([*BOXES.values()])
    np.testing.assert_allclose(true_boxes(people), boxes, atol=1e-4)
    row = {"image": "a.png", "center": (50, 50), "side": 99, "weights": [0] + 16 * [1]}
    joints = np.full((17, 2), 30.0)
    joints[0], joints[5:9] = (-500, 90), ((10, 20), (70, 30), (20, 81), (30, 30))
    own = from_rows(COCO, [{**row, "joints": joints}])  # a window of its own
    np.testing.assert_allclose(true_boxes(own), [[10.5, 20.5, 60, 61]])


def test_shaken_windows_are_off_by_up_to_a_tenth_and_the_same_in_any_part(people):
    many = people[np.arange(300) % 3]
    many = replace(many, centers=many.centers + np.arange(300)[:, None])
    shaken, missed = get_windows("shaken").place(many)
    assert missed is None
    box = many.sides / BOX_PADDING
    shifts = (shaken.centers - many.centers) / box[:, None]
    factors = shaken.sides / many.sides
    assert 0.09 < np.abs(shifts).max(0).min() and np.abs(shifts).max() <= 0.1001
    assert 0.9 <= factors.min() < 0.92 and 1.08 < factors.max() <= 1.1
    assert np.abs([*shifts.mean(0), factors.mean() - 1]).max() < 0.02
    part, _ = get_windows("shaken").place(many[::-7])
    np.testing.assert_array_equal(part.centers, shaken.centers[::-7])
    for name in ("head_sizes", "box_sizes", "joints", "reference_lengths"):
        np.testing.assert_array_equal(getattr(shaken, name), getattr(many, name))
    lengths = shaken.source_box_lengths
    np.testing.assert_array_equal(lengths, many.source_box_lengths)


def test_errors_are_in_the_same_lengths_whatever_the_windows(lively, people):
    for boxes in ("true", "shaken", moved_by_two):
        result = kh.evaluate(lively, people, boxes=boxes)
        distance = np.linalg.norm(result.predictions.joints - people.joints, axis=-1)
        np.testing.assert_allclose(result.predictions.errors, distance / 12, rtol=1e-3)


def test_windows_of_a_detector_are_those_of_the_estimator(lively, people):
    placed, missed = get_windows(moved_by_two).place(people)
    assert len(missed) == 0
    builder = ViewBuilder(lively.input_size, (1.0,))
    views, _ = builder.initial(
        (0, (people.images[0], np.array(BOXES["0.png"]) + (2, 2, 0, 0)))
    )
    for window, center, side in zip(views.windows, placed.centers, placed.sides):
        np.testing.assert_allclose(window.center, center)
        edge = max(window.right[0], window.down[1])
        assert edge == pytest.approx(side)


def test_people_without_a_box_are_counted_and_wrong(lively, people):
    def first_alone(image):
        return moved_by_two(image)[:1]

    result = kh.evaluate(lively, people, boxes=first_alone)
    assert result.boxes == "first_alone" and len(result.people) == 2
    assert [*result.missed.names] == [people.names[1]]
    boxes = result.scores["boxes"]
    assert (boxes["found"], boxes["people"]) == (2, 3)
    found = result.conventions["all_joints"]
    assert boxes["means"]["all_joints"] == pytest.approx(found * 2 / 3)
    assert "2 of 3 people found in boxes of 'first_alone'" in str(result)
    with pytest.raises(ValueError, match="finds one of the people.*3 people without"):
        kh.evaluate(lively, people, boxes=lambda image: [])


def test_networks_and_detectors_are_run_once_for_each_dataset(lively, people):
    seen = []

    def noted(image):
        seen.append(image[0, 0, 0])
        return moved_by_two(image)

    results = evaluate_models(
        [lively, lively], [people, people[:2]], ["true", noted], min_size=95
    )
    assert sorted(seen) == [0, 1], "each photograph once"
    assert [len(each.people) for each in results] == [1] * 8
    assert [each.boxes for each in results] == ["true", "noted"] * 4
    assert [each.dataset for each in results] == ["people 1"] * 4 + ["people 2"] * 4
    assert len(compare_models(results)) == 4
    assert [*nest_scores(results, [])] == ["people 1", "people 2"]


def test_unreadable_photographs_are_listed_and_not_missed(lively, people):
    with open(people.images[2], "wb") as file:
        file.write(b"no image")
    result = kh.evaluate(lively, people, boxes=moved_by_two, broken="skip")
    assert len(result.missed) == 0 and result.scores["boxes"]["people"] == 2
    assert len(result.scores["unreadable"]) == 1


@pytest.mark.parametrize("column, value", [("photographs", "a"), ("sides", 9)])
def test_crops_are_refused_before_anything_is_predicted(
    lively, people, column, value, monkeypatch
):
    monkeypatch.setattr(Evaluator, "evaluate", None)
    other = getattr(people, column).copy()
    other[1] = value
    crops = replace(people, **{column: other})
    with pytest.raises(ValueError, match="whole photographs.*a crop '.*0.png'"):
        evaluate_models([lively], [people, crops], ["true", moved_by_two])


def test_small_people_are_left_out_and_counted(lively, people, caplog):
    caplog.set_level("INFO", "keras_hourglass")
    assert len(kh.evaluate(lively, people, min_size=90).people) == 2
    assert "1 of 3 people are smaller than 90 pixels: left out" in caplog.text
    shrunk = replace(people, source_sizes=2 * people.sides)
    assert len(kh.evaluate(lively, shrunk, min_size=90).people) == 3
    with pytest.raises(ValueError, match="largest person, 100 pixels"):
        kh.evaluate(lively, people, min_size=101)
    with pytest.raises(ValueError, match="above 0, or None. Received: min_size=-1"):
        kh.evaluate(lively, people, min_size=-1)


def test_what_is_no_kind_of_boxes_is_refused(lively, people):
    with pytest.raises(
        ValueError, match="`boxes` must be 'true', 'shaken', or .*'peple'"
    ):
        kh.evaluate(lively, people, boxes="peple")
    with pytest.raises(ValueError, match="go with the task 'pose'"):
        kh.evaluate("people", "synthetic:2", task="detect", boxes="shaken")


def test_windows_follow_the_padding_of_the_network(lively, people):
    evaluator = Evaluator(lively, KeypointOptions())
    rules = {"box_padding": 2.0}
    evaluator.model = SimpleNamespace(window_rules=rules, skeleton=lively.skeleton)
    result = evaluator.evaluate(people, get_windows(moved_by_two))
    np.testing.assert_allclose(result.people.sides, 2 * people.box_sizes.max(1))
