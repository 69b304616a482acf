"""Scores under every convention, against published numbers and by hand."""

import json

import numpy as np
import pytest
import scipy.io

from keras_hourglass.data.datasets.mpii.predictions import (
    SHAPE,
    load_ground_truth,
    prediction_errors,
    read_predictions,
)
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.evaluation.conventions import CONVENTIONS, column_rates
from keras_hourglass.evaluation.scoring import score
from keras_hourglass.evaluation.tables import format_scores
from keras_hourglass.skeletons import LIMB_GROUPS, LSP, MPII, Skeleton

# Scores of published networks: data/README.md's table, to the last digit.
PUBLISHED = {
    "bearpaw-hg_s1_b1.mat": (
        *(95.12, 93.61, 85.53, 79.56, 84.51, 78.28, 73.38),
        *(85.08, 84.46, 22.81),
    ),
    "bearpaw-hg_s8_b1.mat": (
        *(96.79, 95.19, 90.08, 85.32, 87.48, 84.26, 80.73),
        *(89.09, 88.64, 24.49),
    ),
    "pose-hg-demo-valid-ours.h5": (
        *(95.94, 94.68, 88.53, 83.38, 87.48, 83.09, 79.05),
        *(88.04, 87.56, 28.65),
    ),
    "tompson.h5": (
        *(95.60, 92.71, 83.36, 76.74, 81.93, 73.36, 65.45),
        *(82.34, 81.46, 28.97),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_predictions_get_their_published_scores(name, shared):
    joints, heads = load_ground_truth(shared / "mpii")
    path = shared / "mpii/reference_predictions" / name
    errors = prediction_errors(read_predictions(path), joints, heads)
    report = score(errors, MPII)
    half, tenth = report["thresholds"]["0.5"], report["thresholds"]["0.1"]
    table = dict(half["columns"])
    table.pop("Head (official)")
    got = [
        *table.values(),
        half["means"]["mean_by_count"],
        half["means"]["mean_of_joints"],
        tenth["means"]["mean_by_count"],
    ]
    np.testing.assert_allclose(got, PUBLISHED[name], atol=0.0051)


def test_other_conventions_give_their_published_scores(shared):
    joints, heads = load_ground_truth(shared / "mpii")
    path = shared / "mpii/reference_predictions/bearpaw-hg_s8_b1.mat"
    errors = prediction_errors(read_predictions(path), joints, heads)
    report = score(errors, MPII)
    half = report["thresholds"]["0.5"]
    assert half["columns"]["Head (official)"] == pytest.approx(97.44, abs=0.005)
    assert half["means"]["all_joints"] == pytest.approx(89.90, abs=0.005)
    assert report["area"]["mean_by_count"] == pytest.approx(58.7, abs=0.05)


def errors_of(value, people=4):
    return np.full((people, 16), value)


def test_an_error_at_the_threshold_is_correct_under_one_convention_only():
    means = score(errors_of(0.5), MPII)["thresholds"]["0.5"]["means"]
    assert means == {
        "mean_of_joints": 0,
        "mean_by_count": 100,
        "all_joints": 100,
        "limbs": 100,
    }


def test_an_error_above_a_tenth_is_wrong_at_a_tenth():
    thresholds = score(errors_of(0.105), MPII)["thresholds"]
    assert thresholds["0.1"]["means"]["mean_by_count"] == 0
    assert thresholds["0.2"]["means"]["mean_by_count"] == 100


def test_a_prediction_that_is_no_number_is_wrong_and_an_absent_joint_is_not_scored():
    joints = np.full((2, 16, 2), 50.0)
    predictions = joints.copy()
    joints[0, 0], predictions[0, :2] = np.nan, np.nan
    errors = prediction_errors(predictions, joints, np.full(2, 64.0))
    assert np.isnan(errors[0, 0]) and errors[0, 1] == np.inf and not errors[1].any()
    scores = score(errors, MPII)
    assert scores["joints"] == 31
    part = scores["thresholds"]["0.5"]
    first, second = MPII.joints[:2]
    assert part["per_joint"][first] == 100 and part["per_joint"][second] == 50
    assert part["means"]["all_joints"] == pytest.approx(100 * 30 / 31)


def test_known_errors_are_counted_at_every_threshold():
    """Heads are of 64 pixels: every error is an exact number of them."""
    joints = np.random.default_rng(1).integers(0, 900, (5, 16, 2)).astype(float)
    heads, parts = np.full(5, 64.0), np.full(16, 0.0625)
    for part, size in {"ankle": 0.5, "knee": 0.25, "wrist": 0.125}.items():
        parts[[name.endswith(part) for name in MPII.joints]] = size
    shifts = parts[:, None] * 64 * np.array([0.6, -0.8])  # of length 1
    errors = prediction_errors(joints + shifts, joints, heads)
    np.testing.assert_allclose(errors, np.tile(parts, (5, 1)), atol=1e-12)
    thresholds = score(np.round(errors, 9), MPII)["thresholds"]
    means = {t: report["means"] for t, report in thresholds.items()}
    # Of 14 joints two are ankles, exactly at 0.5: correct under one convention.
    for threshold, by_joint, by_count in [
        ("0.5", 12, 14),
        ("0.2", 10, 10),
        ("0.1", 8, 8),
    ]:
        mean = means[threshold]
        assert mean["mean_of_joints"] == pytest.approx(100 * by_joint / 14)
        assert mean["mean_by_count"] == pytest.approx(100 * by_count / 14)


def test_the_wrong_origin_shifts_predictions_by_a_pixel(tmp_path):
    joints = np.random.default_rng(2).uniform(1, 900, SHAPE)
    heads = np.full(len(joints), 50.0)
    for origin, off in [(1, 0), (0, 2**0.5 / 50)]:
        np.savez(tmp_path / "predictions.npz", preds=joints, origin=origin)
        errors = prediction_errors(
            read_predictions(tmp_path / "predictions.npz"), joints, heads
        )
        np.testing.assert_allclose(errors, off, atol=1e-9)


def test_means_weight_joints_or_labels():
    """Ankles are labeled on one person of four, and wrong there."""
    errors = errors_of(0.0)
    ankles = [MPII.joints.index(f"{side}_ankle") for side in ("left", "right")]
    errors[1:, ankles], errors[0, ankles] = np.nan, 9
    means = score(errors, MPII)["thresholds"]["0.5"]["means"]
    assert means["mean_of_joints"] == pytest.approx(100 * 12 / 14)
    assert means["mean_by_count"] == pytest.approx(100 * 48 / 50)
    assert means["all_joints"] == pytest.approx(100 * 56 / 58)
    assert means["limbs"] == pytest.approx(100 * 40 / 42)


def test_means_of_joints_that_are_not_labeled_are_unknown():
    errors = np.full((4, 16), np.nan)
    errors[:, MPII.joints.index("pelvis")] = 0
    means = score(errors, MPII)["thresholds"]["0.5"]["means"]
    assert means.pop("all_joints") == 100 and np.isnan([*means.values()]).all()


def test_the_official_head_is_the_mean_of_neck_and_top():
    errors = errors_of(0.0)
    errors[:3, MPII.joints.index("upper_neck")] = 9
    table = column_rates(errors, MPII, 0.5)
    assert (table["Head"], table["Head (official)"]) == (100, 62.5)


def test_pckh_is_the_mean_by_count_and_each_joint_has_its_rate():
    errors = errors_of(0.5)
    errors[:, MPII.joints.index("left_knee")] = [0.1, 0.1, 9, np.nan]
    errors[:, MPII.joints.index("head_top")] = np.nan
    scores = score(errors, MPII)
    half = scores["thresholds"]["0.5"]
    assert scores["pckh"] == half["means"]["mean_by_count"]
    assert [*half["per_joint"]] == [*MPII.joints]
    assert half["per_joint"]["left_knee"] == pytest.approx(200 / 3)
    assert half["per_joint"]["right_knee"] == 100, "at the threshold is correct"
    assert np.isnan(half["per_joint"]["head_top"])


def test_the_area_is_that_of_the_curve_by_trapezoids():
    """All errors are 0.25: the curve steps from 0 to 100 there."""
    area = score(errors_of(0.25), MPII)["area"]
    assert area["mean_by_count"] == pytest.approx(51)
    assert area["mean_of_joints"] == pytest.approx(49)


def test_the_area_needs_no_function_of_numpy_2(monkeypatch):
    monkeypatch.delattr(np, "trapezoid", raising=False)
    assert score(errors_of(0.0), MPII)["area"]["all_joints"] == pytest.approx(100)


def test_conventions_are_described_in_the_joints_of_the_skeleton():
    assert [c.describe(MPII) for c in CONVENTIONS.values()] == [
        "mean of the joints' rates without pelvis and thorax (paper, PyTorch ports)",
        "mean over labeled joints without pelvis and thorax (HRNet, MMPose)",
        "mean over labeled joints, all 16 (princeton-vl)",
        "mean over labeled joints, the 12 of arms and legs",
    ]
    described = score(errors_of(0.5)[:, :14], LSP)["conventions"]
    assert described["all_joints"] == "mean over labeled joints, all 14"
    assert described["mean_of_joints"] == "mean of the joints' rates"


FOX = Skeleton(("snout", "left_ear", "right_ear", "tail_base", "tail_tip"))


def test_without_a_head_scores_are_pck_without_the_limbs_of_a_human():
    """Of 4 people, errors of each joint in the box's longer side, by hand."""
    errors = np.tile([0.05, 0.08, 0.1, 0.15, 0.25], (4, 1))
    errors[1:, 3] = np.nan
    scores = score(errors, FOX)
    assert scores["measure"]["name"] == "PCK"
    assert scores["measure"]["reference"] == "longer side of the box"
    assert [*scores["thresholds"]] == ["0.05", "0.1", "0.2"]
    assert [*scores["conventions"]] == ["mean_of_joints", "mean_by_count"]
    means = {t: part["means"] for t, part in scores["thresholds"].items()}
    for threshold, below, at_most in [("0.05", 0, 4), ("0.1", 2, 12), ("0.2", 4, 13)]:
        assert means[threshold] == {
            "mean_of_joints": pytest.approx(100 * below / 5),
            "mean_by_count": pytest.approx(100 * at_most / 17),
        }
    assert scores["pckh"] == means["0.1"]["mean_by_count"]
    assert scores["area"].keys() == means["0.1"].keys()


def test_the_curve_without_a_head_ends_at_a_fifth_of_the_box():
    area = score(np.full((4, 5), 0.1), FOX)["area"]
    assert area["mean_by_count"] == pytest.approx(51)
    assert area["mean_of_joints"] == pytest.approx(49)


def test_unscored_joints_of_any_skeleton_are_named():
    fox = Skeleton(FOX.joints, unscored=("snout", "tail_tip"))
    scores = score(np.full((4, 5), 0.1), fox)
    assert scores["conventions"] == {
        "mean_of_joints": "mean of the joints' rates without snout and tail_tip",
        "mean_by_count": "mean over labeled joints without snout and tail_tip",
        "all_joints": "mean over labeled joints, all 5",
    }
    text = format_scores("fox", scores)
    assert "longer side of the box" in text and "PCK, %" in text
    for absent in ("PCKh", "limbs", "head", "pelvis", "16"):
        assert absent not in text.replace("95 %", "")


def test_thirteen_joints_of_people_have_limbs_and_no_head():
    names = [*sum(LIMB_GROUPS.values(), ()), "nose"]
    scores = score(np.full((4, 13), 0.1), Skeleton(tuple(names)))
    assert scores["conventions"]["limbs"].endswith("the 12 of arms and legs")
    assert scores["measure"]["name"] == "PCK"


@pytest.fixture
def predictions():
    return np.random.default_rng(0).uniform(1, 900, SHAPE)


def test_predictions_are_the_same_in_every_file_format(predictions, tmp_path):
    import h5py

    scipy.io.savemat(tmp_path / "a.mat", {"preds": predictions})
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["preds"] = predictions.transpose(2, 1, 0)  # as Torch and MATLAB leave it
    np.savez(tmp_path / "c.npz", preds=predictions - 1, origin=0)
    listed = {"preds": predictions.tolist(), "origin": 1}
    (tmp_path / "d.json").write_text(json.dumps(listed))
    for path in sorted(tmp_path.iterdir()):
        np.testing.assert_allclose(read_predictions(path), predictions, atol=1e-9)


def test_unusable_predictions_are_refused_with_the_file(predictions, tmp_path):
    np.savez(tmp_path / "origin.npz", preds=predictions)
    np.savez(tmp_path / "few.npz", preds=predictions[:5], origin=0)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "some.txt").write_text("")
    for name, message in [
        ("origin.npz", "origin"),
        ("few.npz", "must be .2958, 16, 2."),
        ("broken.json", "not readable as JSON"),
        ("some.txt", "must end in one of"),
    ]:
        with pytest.raises(DatasetError, match=f"(?s){message}"):
            read_predictions(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_predictions(tmp_path / "none.npz")
