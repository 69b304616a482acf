"""Smoothing of points over time."""

import numpy as np
import pytest

from keras_hourglass.inference.tracking.smoothing import OneEuro, smoothing_factor

FPS = 25


def test_a_cutoff_is_the_frequency_of_which_a_low_pass_filter_keeps_half_the_power():
    """Of a wave of 2 Hz, sampled finely, what comes out is 1/sqrt(2) as high."""
    step, value, highest = 0.001, 0.0, 0.0
    for time in np.arange(0, 3, step):
        value += smoothing_factor(2.0, step) * (np.sin(2 * np.pi * 2 * time) - value)
        highest = max(highest, value if time > 2 else 0)
    assert highest == pytest.approx(1 / np.sqrt(2), rel=0.01)


def test_the_second_frame_is_as_the_paper_works_it_out():
    """After 1/(2 pi) s, a cutoff of c keeps c/(c + 1) of what is new.

    A step of 10 is a speed of 20 pi, of which 1/2 is kept: 10 pi. So the cutoff is
    3 + 0.1 pi * 10 pi, over itself and 1.
    """
    smooth = OneEuro(cutoff=3.0, slope=0.1 / np.pi)
    np.testing.assert_array_equal(smooth([[5.0, 7.0]], 0), [[5, 7]])
    found = smooth([[15.0, 7.0]], 1 / (2 * np.pi))
    np.testing.assert_allclose(found, [[5 + 10 * 4 / 5, 7]])


def test_a_turned_path_is_smoothed_to_the_turned_path():
    random = np.random.default_rng(0)
    path = random.normal(0, 10, (20, 3, 2)).cumsum(0)
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    plain, turned = OneEuro(1, 0.05), OneEuro(1, 0.05)
    for points in path:
        expected = plain(points, 1 / FPS) @ turn
        np.testing.assert_allclose(turned(points @ turn, 1 / FPS), expected)


def test_a_point_that_is_nan_stays_so_and_starts_anew():
    smooth = OneEuro(1, 0.05)
    smooth(np.zeros((2, 2)), 0)
    lost = smooth(np.array([[np.nan, 3], [8, 8]]), 1 / FPS)
    assert np.isnan(lost[0, 0]) and 0 < lost[1, 0] < 8
    np.testing.assert_array_equal(smooth([[40, 30], [8, 8]], 1 / FPS)[0], [40, 30])


@pytest.mark.parametrize("seconds, weight", [(0.1, 0.38587), (1.0, 0.86270)])
def test_a_new_point_weighs_more_the_later_it_comes(seconds, weight):
    """1 / (1 + 1 / (2 pi f t)) of a cutoff of 1 Hz."""
    smooth = OneEuro(1, 0)
    smooth(np.zeros((1, 2)), 0)
    assert smooth(np.ones((1, 2)), seconds)[0, 0] == pytest.approx(weight, abs=1e-4)


def test_time_must_pass():
    smooth = OneEuro(1, 1)
    smooth(np.zeros((1, 2)), 0)
    with pytest.raises(ValueError, match="`seconds` must be above 0.*seconds=0"):
        smooth(np.zeros((1, 2)), 0)
