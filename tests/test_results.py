"""The result of an evaluation: numbers, tables, data frames and comparisons."""

import json
import sys

import numpy as np
import pytest

from keras_hourglass.data.people import from_rows
from keras_hourglass.evaluation.bootstrap import compare_models
from keras_hourglass.evaluation.evaluator import nest_scores
from keras_hourglass.evaluation.report import save_report
from keras_hourglass.evaluation.report.page import comparison_section
from keras_hourglass.evaluation.results import Evaluation, Predictions
from keras_hourglass.evaluation.scoring import curve_thresholds, curves, to_json_types
from keras_hourglass.evaluation.tables import (
    format_comparison,
    format_groups,
    format_with_interval,
)
from keras_hourglass.skeletons import MPII, Skeleton

WRIST = MPII.joints.index("left_wrist")


def people_of(skeleton, count=4):
    joints = len(skeleton.joints)
    row = {"center": (50, 50), "side": 100, "weights": np.ones(joints)}
    row["joints"] = np.random.default_rng(0).uniform(10, 90, (joints, 2))
    names = [f"{number}.jpg" for number in range(count)]
    rows = [{**row, "image": name} for name in names]
    return from_rows(skeleton, rows)


def evaluation_of(errors, skeleton=MPII, name="model", **kwargs):
    people = people_of(skeleton, len(errors))
    predictions = Predictions(people.joints + 1, errors, 0 * errors + 0.5, (0.1, -0.2))
    return Evaluation(name, skeleton, predictions, people, **kwargs)


@pytest.fixture
def result():
    """All joints are exact but the left wrist, which one person of three has."""
    errors = np.zeros((4, 16))
    errors[:, WRIST] = [0.1, 9, 9, np.nan]
    errors[:, MPII.joints.index("head_top")] = np.nan
    return evaluation_of(errors)


def test_numbers_of_a_result_are_those_of_its_scores(result):
    assert result.pckh == result.conventions["mean_by_count"]
    assert result.pckh == pytest.approx(100 * 49 / 51)  # without pelvis and thorax
    assert result.per_joint["left_wrist"] == pytest.approx(100 / 3)
    assert result.per_joint["right_wrist"] == 100
    assert np.isnan(result.per_joint["head_top"])
    assert result.offset == (0.1, -0.2)
    assert len(result.people) == 4


def test_the_dictionary_is_strict_json(result):
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["pckh"] == pytest.approx(result.pckh)
    half = data["thresholds"]["0.5"]
    assert half["per_joint"]["head_top"] is None
    assert half["intervals"].keys() == half["means"].keys()
    assert data["torso"]["description"] and data["offset"] == [0.1, -0.2]


def test_the_data_frame_has_a_row_per_joint_column_and_convention(result):
    pytest.importorskip("pandas")
    frame = result.to_dataframe()
    kinds = frame[frame.threshold == 0.5].groupby("kind").size().to_dict()
    assert kinds == {"joint": 16, "column": 8, "convention": 4}
    assert len(frame) == 3 * 28
    wrist = frame[(frame.name == "left_wrist") & (frame.threshold == 0.5)]
    assert wrist.percent.item() == pytest.approx(100 / 3) and np.isnan(wrist.low.item())
    mean = frame[(frame.name == "mean_by_count") & (frame.threshold == 0.5)]
    assert mean.low.item() <= mean.percent.item() <= mean.high.item()


def test_without_pandas_the_extra_is_named(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[pandas\]'"):
        result.to_dataframe()


def test_the_printed_table_has_every_column_convention_and_the_offset(result):
    text = str(result)
    for name in ("Head (official)", "Ankle", "mean_of_joints", "limbs", "at 0.1"):
        assert name in text
    assert "model: 4 people, 59 joints" in text
    assert "Mean signed error: x +0.100, y -0.200 heatmap pixels" in text
    assert "96.08 (" in text and text == "\n".join(map(str.rstrip, text.split("\n")))
    assert repr(result) == "Evaluation('model', people=4, pckh=96.08)"


def test_columns_never_run_together_whatever_joints_are_called():
    names = ("left_" + 60 * "x", "right_" + 60 * "x", "[bold]", ":wrist:", "a b")
    text = str(evaluation_of(np.zeros((2, 5)), Skeleton(names)))
    for name in names:
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        assert line.removeprefix(name).split() == ["100.00"] * 3


def test_models_are_compared_with_the_first_on_the_same_people(result, caplog):
    second = evaluation_of(np.zeros((4, 16)), name="second")
    third = evaluation_of(np.zeros((5, 16)), name="third")
    (comparison,) = compare_models([result, second, third])
    assert (comparison["first"], comparison["second"]) == ("model", "second")
    assert "third is not compared with model: other people" in caplog.text
    half = comparison["thresholds"]["0.5"]["mean_by_count"]
    assert half["difference"] == pytest.approx(100 - result.pckh)
    text = format_comparison(comparison)
    assert "second less model, percentage points" in text and "+3.92 (" in text


def test_models_are_compared_and_nested_by_dataset_and_by_boxes():
    names = {"a": np.full((4, 16), 0.6), "b": np.zeros((4, 16))}
    results = [
        evaluation_of(errors, name=name, dataset=dataset, boxes=boxes)
        for dataset in ("coco:1", "coco:2")
        for name, errors in names.items()
        for boxes in ("true", "shaken")
    ]
    comparisons = compare_models(results)
    assert len(comparisons) == 4 and {c["second"] for c in comparisons} == {"b"}
    assert "same people of coco:2, shaken boxes" in format_comparison(comparisons[-1])
    nested = nest_scores(results, comparisons)
    assert [*nested] == ["coco:1", "coco:2"] and [*nested["coco:2"]] == ["a", "b"]
    assert [*nested["coco:1"]["b"]] == ["true", "shaken"]
    shaken = nested["coco:2"]["b"]["shaken"]
    assert shaken["boxes"] == {"name": "shaken"}
    assert shaken["compared_with"]["model"] == "a" and "groups" not in shaken
    assert "boxes" not in nested["coco:2"]["a"]["true"]
    one = nest_scores(results[:1], [], groups=True)
    assert [*one] == ["a"] and one["a"]["groups"]["everyone"][0]["percent"] == 0
    assert str(results[0]).startswith("a on coco:1: 4 people")
    assert str(results[1]).startswith("a on coco:1, shaken boxes: 4 people")


def test_people_without_a_box_are_wrong_in_the_numbers_of_all_people():
    errors = np.zeros((3, 16))
    errors[0, WRIST] = np.nan
    missed = people_of(MPII, 5)
    result = evaluation_of(errors, boxes="finder", missed=missed)
    assert result.pckh == 100 and result.scores["people"] == 3
    boxes = result.scores["boxes"]
    assert (boxes["found"], boxes["people"]) == (3, 8)
    assert boxes["means"]["limbs"] == pytest.approx(100 * 35 / (35 + 60))
    assert boxes["intervals"]["limbs"][0] < boxes["means"]["limbs"]
    assert "3 of 8 people found in boxes of 'finder': PCKh@0.5, limbs, 100.00" in str(
        result
    )
    (everyone,) = result.groups["everyone"]
    assert (everyone["people"], everyone["joints"]) == (8, 95)
    assert everyone["percent"] == pytest.approx(boxes["means"]["limbs"])
    assert everyone["found"]["people"] == 3 and everyone["found"]["percent"] == 100
    missed.weights[:, MPII.arms_and_legs[2:]] = 0
    groups = evaluation_of(errors, boxes="finder", missed=missed).groups
    whole, parts = groups["labeled limb joints"]
    assert (whole["percent"], parts["percent"]) == (100, 0)
    assert parts["people"] == 5 and parts["found"]["people"] == 0
    json.dumps(to_json_types(groups), allow_nan=False)
    text = format_groups([evaluation_of(errors, boxes="finder", missed=missed)])
    (line,) = [line for line in text.splitlines() if "4 or fewer" in line]
    assert line.split()[4:] == ["10", "0", "\N{EN DASH}", "0.00", "(0.0", "to", "0.0)"]


def test_groups_of_the_same_people_are_side_by_side_and_of_others_apart():
    exact, half = np.zeros((4, 16)), np.zeros((4, 16))
    half[:2] = 9
    both = [
        evaluation_of(exact, name="a", dataset="mpii:1"),
        evaluation_of(half, name="b", dataset="mpii:1"),
    ]
    text = format_groups(both)
    assert text.startswith("a, b on mpii:1, true boxes: PCKh@0.5 of limbs, %, by group")
    (line,) = [line for line in text.splitlines() if line.startswith("everyone")]
    assert line.split()[:4] == ["everyone", "4", "48", "100.00"] and " 50.00 (" in line
    found = evaluation_of(exact, boxes="finder", missed=people_of(MPII, 4))
    text = format_groups([*both, found])
    assert text.count("by group") == 2 and "boxes of 'finder': found" in text
    (_, line) = [line for line in text.splitlines() if line.startswith("everyone")]
    assert line.split()[:4] == ["everyone", "8", "96", "4"] and " 50.00 (" in line


def test_a_difference_that_rounds_to_zero_has_no_minus():
    assert format_with_interval(-0.004, (-0.04, -0.06), "+") == "+0.00 (+0.0 to -0.1)"
    assert format_with_interval(-0.004, (-0.04, 0.04)) == "0.00 (0.0 to 0.0)"


def test_models_of_different_measures_are_not_compared_and_reported_apart(caplog):
    names = tuple(f"marker_{n}" for n in range(16))
    head = evaluation_of(np.full((4, 16), 0.15), name="head")
    box = evaluation_of(np.full((4, 16), 0.15), Skeleton(names), name="box")
    assert compare_models([head, box]) == []
    assert "box is not compared with head: PCK@0.1 is not PCKh@0.5" in caplog.text
    models = {}
    for one in (head, box, evaluation_of(np.zeros((4, 16)), name="exact")):
        curve = curves(one.predictions.errors, one.skeleton)
        curve["thresholds"] = curve_thresholds(one.skeleton).tolist()
        models[one.name] = {**one.to_dict(), "curve": curve}
    text = str(comparison_section(models, []))
    assert text.count("<table>") == 2 == text.count('role="img"')
    assert "PCKh@0.5, %" in text and "PCK@0.1, %" in text
    assert text.index("exact") < text.index("PCK@0.1"), "with the first of its measure"


def test_a_report_refuses_equal_names_and_files(result, tmp_path):
    with pytest.raises(ValueError, match="different names"):
        save_report(tmp_path, [result, result])
    with pytest.raises(ValueError, match="must be of models"):
        Evaluation("a.mat", MPII, result.predictions).save_report(tmp_path)
