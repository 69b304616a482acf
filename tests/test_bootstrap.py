"""Bootstrap intervals: of known distributions, and of pairs."""

import numpy as np
import pytest

from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.bootstrap import (
    compare,
    interval,
    mean_intervals,
    resample_counts,
    resample_means,
)
from keras_hourglass.evaluation.conventions import CONVENTIONS
from keras_hourglass.evaluation.scoring import score
from keras_hourglass.skeletons import MPII, Skeleton

LEG = Skeleton(("right_knee", "left_knee"), reference="head")


def test_each_resample_has_as_many_people_and_is_reproducible():
    counts = resample_counts(30, resamples=500)
    assert counts.shape == (500, 30) and (counts.sum(1) == 30).all()
    assert (counts == 0).any() and (counts > 1).any()
    again = resample_counts.__wrapped__(30, resamples=500)
    np.testing.assert_array_equal(counts, again)
    assert resample_counts(30, resamples=500) is counts, "models share it"
    assert not resample_counts(0).size
    np.testing.assert_allclose(counts.mean(), 1)


def test_the_interval_of_a_rate_is_that_of_the_binomial():
    """80 of 200 people are correct: the standard deviation of the rate is known."""
    errors = np.where(np.arange(200) < 80, 0.1, 9)[:, None].repeat(2, axis=1)
    low, high = score(errors, LEG)["thresholds"]["0.5"]["intervals"]["all_joints"]
    half = 1.96 * 100 * np.sqrt(0.4 * 0.6 / 200)
    assert (low, high) == pytest.approx((40 - half, 40 + half), abs=0.7)


def test_joints_of_one_person_are_resampled_together():
    """Independent joints have an interval narrower by the root of two."""
    apart = np.where(np.random.default_rng(0).random((300, 2)) < 0.5, 0, 9.0)
    together = apart[:, :1].repeat(2, axis=1)

    def width(errors):
        low, high = score(errors, LEG)["thresholds"]["0.5"]["intervals"]["all_joints"]
        return high - low

    assert width(together) / width(apart) == pytest.approx(np.sqrt(2), rel=0.12)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_resample_of_each_person_once_gives_the_mean(name):
    errors = np.random.default_rng(0).random((40, 16))
    errors[::3, :5] = np.nan
    convention = CONVENTIONS[name]
    (once,) = resample_means(convention, errors, MPII, 0.5, np.ones((1, 40), "float32"))
    assert once == pytest.approx(convention.mean(errors, MPII, 0.5))


def test_a_model_does_not_differ_from_itself():
    model = np.random.default_rng(0).random((50, 16)), MPII
    for held in compare(model, model, (0.5, 0.1), resample_counts(50)).values():
        for name in CONVENTIONS:
            assert held[name] == {"difference": 0, "interval": [0, 0]}


def test_models_are_compared_under_the_conventions_that_both_have():
    """The second skeleton has no limbs of a human."""
    trunk = Skeleton(tuple(f"{name}_{n}" for n in range(8) for name in "ab"))
    heads = Skeleton(trunk.joints, reference="head", unscored=trunk.joints[:1])
    errors = np.zeros((5, 16))
    counts = resample_counts(5)
    held = compare((errors, MPII), (errors, heads), (0.5,), counts)["0.5"]
    assert [*held] == ["mean_of_joints", "mean_by_count", "all_joints"]


def test_the_interval_of_a_difference_is_narrower_than_two_intervals():
    """The second model gains ten joints of 200 people and loses none."""
    first = np.where(np.random.default_rng(0).random((200, 2)) < 0.5, 0.1, 9)
    second = first.copy()
    second[np.flatnonzero(first[:, 0] > 1)[:10], 0] = 0.1
    counts = resample_counts(200)
    held = compare((first, LEG), (second, LEG), (0.5,), counts)["0.5"]["all_joints"]
    assert held["difference"] == pytest.approx(100 * 10 / 400)
    low, high = held["interval"]
    assert 0 < low < 2.5 < high < 5
    one, other = (
        bootstrap.mean_intervals(errors, LEG, 0.5, counts)["all_joints"]
        for errors in (first, second)
    )
    assert one[1] > other[0], "apart, the intervals overlap"


def test_the_interval_of_no_people_is_nan():
    errors = np.empty((0, 16))
    report = score(errors, MPII)
    assert report["people"] == 0
    assert np.isnan(report["thresholds"]["0.5"]["intervals"]["mean_of_joints"]).all()
    assert np.isnan(interval(np.full(9, np.nan))).all()


def test_resamples_without_a_group_do_not_widen_its_interval():
    """Of few people with labels, some resamples draw none: they say nothing."""
    errors = np.full((40, 16), np.nan)
    errors[:2] = 0
    counts = resample_counts(40)
    assert not counts[:, :2].any(1).all()
    for bounds in mean_intervals(errors, MPII, 0.5, counts).values():
        assert bounds == [100, 100]
