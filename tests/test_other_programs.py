"""Joints and files of other programs are scored like predictions of a model."""

import numpy as np
import pytest

from keras_hourglass.data.people import from_rows
from keras_hourglass.evaluation.bootstrap import compare_models
from keras_hourglass.evaluation.predictions.other_programs import (
    evaluate_joints,
    evaluate_predictions,
)
from keras_hourglass.skeletons import MPII

WRIST = MPII.joints.index("left_wrist")


@pytest.fixture
def people():
    """Four people who are alike."""
    joints = np.random.default_rng(0).uniform(10, 90, (16, 2))
    row = {"center": (50, 50), "side": 100, "weights": np.ones(16), "joints": joints}
    return from_rows(MPII, [{**row, "image": f"{n}.jpg"} for n in range(4)])


def test_joints_of_another_program_are_scored_like_a_models(people):
    joints = people.joints.astype(float)
    joints[0, WRIST] += 0.6 * people.head_sizes[0] * np.array([0.8, 0.6])
    joints[1, WRIST] = np.nan
    result = evaluate_joints(joints, people, name="theirs")
    assert result.predictions.errors[0, WRIST] == pytest.approx(0.6)
    assert result.per_joint["left_wrist"] == 50
    assert result.pckh == pytest.approx(100 * 54 / 56)  # without pelvis and thorax
    assert result.groups["everyone"][0]["percent"] == pytest.approx(100 * 46 / 48)
    exact = evaluate_joints(people.joints, people, name="exact")
    assert compare_models([result, exact])[0]["second"] == "exact"
    assert "theirs" in str(result) and result.offset is None
    with pytest.raises(ValueError, match="must be of models"):
        result.save_report("report")


@pytest.mark.parametrize(
    "joints, scores, message",
    [
        (np.zeros((4, 15, 2)), None, "must have the shape"),
        (np.zeros((4, 16, 2)), np.ones(4), "must have the shape"),
        (np.full((4, 16, 2), np.inf), None, "must be numbers or NaN"),
        (np.zeros((4, 16, 2)), np.full((4, 16), 1.5), "from 0 to 1"),
    ],
)
def test_joints_of_another_program_that_do_not_fit(people, joints, scores, message):
    with pytest.raises(ValueError, match=message):
        evaluate_joints(joints, people, scores)


def test_a_file_of_predictions_is_a_result_too(shared):
    path = shared / "mpii/reference_predictions/tompson.h5"
    result = evaluate_predictions(path, shared / "mpii")
    assert result.pckh == pytest.approx(82.34, abs=0.0051)
    assert result.offset is None and "Mean signed error" not in str(result)
    assert result.predictions.joints.shape == (2958, 16, 2)
