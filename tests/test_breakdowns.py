"""Breakdowns and calibration of small examples, computed by hand."""

import numpy as np
import pytest

from keras_hourglass.data.people import from_rows
from keras_hourglass.evaluation.bootstrap import resample_counts
from keras_hourglass.evaluation.breakdowns import (
    by_group,
    by_joint,
    group_percentages,
    hardest_people,
    pck_torso,
    percentages_with_found,
    torso_lengths,
)
from keras_hourglass.evaluation.calibration import calibration
from keras_hourglass.skeletons import LSP, MPII, Skeleton

ARMS = Skeleton(("right_wrist", "left_wrist"), reference="head")


def people(skeleton, rows):
    count = len(skeleton.joints)
    defaults = {"image": "1.jpg", "center": (0, 0), "side": 100}
    defaults |= {"joints": np.zeros((count, 2)), "weights": np.ones(count)}
    return from_rows(skeleton, [{**defaults, **row} for row in rows])


def test_groups_are_of_visibility_size_and_other_people():
    rows = [
        {"visible": (1, 0), "num_others": 0, "source_size": 120},  # of a box of 96
        {"visible": (1, np.nan), "num_others": 1, "source_size": 240.0125},
        {"visible": (0, 0), "num_others": 5, "source_size": 300},
    ]
    errors = np.array([[0.1, 9], [9, 0.1], [np.nan, 0.1]])
    groups = by_group(errors, people(ARMS, rows), resample_counts(3))
    scores = {
        kind: {g["name"]: (g["joints"], g["means"]["all_joints"]) for g in listed}
        for kind, listed in groups.items()
    }
    assert scores["visibility"] == {"visible": (2, 50), "occluded": (2, 50)}
    assert scores["other people labeled in the image"] == {
        "none": (2, 50),
        "one": (2, 50),
        "two or more": (1, 100),
    }
    sizes = scores["longer side of the box in the photograph"]
    assert sizes == {"up to 96 pixels": (2, 50), "over 192 pixels": (3, 200 / 3)}
    assert "labeled limb joints" not in scores


def test_groups_are_of_labeled_limb_joints_by_the_skeleton():
    """Joints that are not of arms and legs are labeled, and wrong, in all people."""
    limbs = [*MPII.arms_and_legs]
    counts = [12, 10, 9, 8, 7, 5, 4, 0]
    weights = np.ones((len(counts), 16))
    for row, count in zip(weights, counts):
        row[limbs[count:]] = 0
    everyone = people(MPII, [{"weights": row} for row in weights])
    errors = np.where(weights > 0, 9.0, np.nan)
    errors[:, limbs[0]] = np.where(weights[:, limbs[0]] > 0, 0.1, np.nan)
    groups = group_percentages(errors, everyone, resample_counts(len(counts)))
    (total,) = groups["everyone"]
    assert (total["people"], total["joints"]) == (7, sum(counts))
    assert total["percent"] == pytest.approx(100 * 7 / sum(counts))
    assert total["interval"][0] <= total["percent"] <= total["interval"][1]
    rows = [
        (row["name"], row["people"], row["joints"], row["percent"])
        for row in groups["labeled limb joints"]
    ]
    assert rows == [
        ("10 to 12", 2, 22, pytest.approx(100 * 2 / 22)),
        ("8 or 9", 2, 17, pytest.approx(100 * 2 / 17)),
        ("5 to 7", 2, 12, pytest.approx(100 * 2 / 12)),
        ("4 or fewer", 1, 4, pytest.approx(25)),
    ]


def test_without_arms_and_legs_groups_are_of_the_main_convention():
    rows = [{"visible": (1, 0)}, {"visible": (0, np.nan)}]
    groups = group_percentages(
        np.array([[0.1, 9], [9, 0.1]]), people(ARMS, rows), resample_counts(2)
    )
    assert [*groups] == ["everyone", "visibility"]
    assert [row["percent"] for row in groups["visibility"]] == [100, 0]
    assert groups["everyone"][0]["joints"] == 4


def test_people_found_are_in_groups_of_size_even_if_all_have_one_size():
    everyone = people(ARMS, [{"source_size": size} for size in (120, 120, 300)])
    errors = np.array([[0.1, 9], [0.1, 0.1], [np.inf, np.inf]])
    groups = percentages_with_found(
        errors, everyone, resample_counts(3), resample_counts(2)
    )
    small, large = groups["longer side of the box in the photograph"]
    assert (small["people"], small["percent"]) == (2, 75)
    assert (small["found"]["people"], small["found"]["percent"]) == (2, 75)
    assert (large["people"], large["percent"], large["found"]["people"]) == (1, 0, 0)


def test_groups_that_the_dataset_does_not_know_are_left_out():
    assert by_group(np.zeros((4, 2)), people(ARMS, [{}] * 4), resample_counts(4)) == {}


def test_scores_equal_to_the_rate_have_no_calibration_error():
    """Of ten joints with a score of 0.7, seven are correct."""
    scores = np.full((10, 1), 0.7)
    errors = np.where(np.arange(10) < 7, 0.5, 0.6)[:, None]
    held = calibration(scores, errors, resample_counts(10), 0.5)
    (part,) = held["bins"]
    assert (part["low"], part["high"], part["joints"]) == (0.7, 0.8, 10)
    assert part["correct"] == 70 and held["error"] == pytest.approx(0)
    low, high = part["interval"]
    assert low < 70 < high


def test_scores_beyond_0_and_1_are_clipped():
    held = calibration(
        np.array([[-0.2, 1.0, 1.3]]), np.array([[9, 0, 0]]), resample_counts(1), 0.5
    )
    first, last = held["bins"]
    assert (first["low"], first["joints"], first["correct"]) == (0, 1, 0)
    assert (last["high"], last["joints"], last["correct"]) == (1, 2, 100)
    assert held["error"] == 0


def test_a_torso_reaches_from_the_left_shoulder_to_the_right_hip():
    joints = np.zeros((14, 2))
    shoulder, hip = LSP.indices(["left_shoulder", "right_hip"])
    joints[shoulder] = 30, 40
    unlabeled = np.ones(14)
    unlabeled[hip] = 0
    rows = [
        {"joints": joints, "head_size": 10},
        {"joints": joints, "weights": unlabeled},
        {},
    ]
    listed = people(LSP, rows)
    np.testing.assert_equal(torso_lengths(listed), [50, np.nan, np.nan])
    errors = np.full((3, 14), 0.99)  # heads of 10 pixels: 0.198 torsos
    held = pck_torso(errors, listed, resample_counts(3))
    assert held["people"] == 1 and set(held["means"].values()) == {100}
    further = pck_torso(np.full((3, 14), 1.01), listed, resample_counts(3))
    assert set(further["means"].values()) == {0}


def test_without_shoulders_there_is_no_torso():
    assert (
        pck_torso(np.zeros((2, 2)), people(ARMS, [{}] * 2), resample_counts(2)) is None
    )


def test_the_hardest_people_have_the_lowest_pckh_and_then_the_largest_errors():
    nan = np.nan
    errors = np.array([[0.1, 0.1], [9, 9], [0.1, 9], [nan, nan], [99, 99], [nan, 0.5]])
    assert hardest_people(errors, 0.5).tolist() == [4, 1, 2, 5, 0]
    assert hardest_people(errors, 0.5, count=2).tolist() == [4, 1]


def test_a_joint_has_its_rates_and_the_conventions_that_count_it():
    errors = np.full((4, 16), 0.15)
    column, pelvis = MPII.indices(["left_ankle", "pelvis"])
    errors[:, column] = [0.5, 0.1, 9, np.nan]
    errors[:, MPII.joints.index("head_top")] = np.nan
    table = {
        joint["name"]: joint for joint in by_joint(errors, MPII, resample_counts(4))
    }
    assert "head_top" not in table and len(table) == 15
    ankle = table["left_ankle"]
    assert ankle["labeled"] == 3 and ankle["strict"] == pytest.approx(100 / 3)
    assert ankle["rates"] == pytest.approx(
        {"0.5": 200 / 3, "0.2": 100 / 3, "0.1": 100 / 3}
    )
    assert table["pelvis"]["counted"] == ["all_joints"]
    assert len(ankle["counted"]) == 4
