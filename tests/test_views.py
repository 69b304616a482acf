"""Windows of an image: the second pass's follows joints and scores without jumps."""

import numpy as np
import pytest

from keras_hourglass.geometry import Window
from keras_hourglass.inference.views import SCORE_RATIOS, refine_window

SIZE = (64, 64)
LOW, HIGH = SCORE_RATIOS
WHOLE = Window.from_box(np.array([0.0, 0, 999, 800]))


def refine(joints, scores):
    return refine_window(np.array(joints), np.array(scores), WHOLE, SIZE)


def test_joints_of_low_scores_do_not_widen_the_second_window():
    joints = [[10.0, 10.0], [110.0, 60.0], [900.0, 900.0]]
    window = refine(joints, [1.0, HIGH, LOW])
    np.testing.assert_allclose(window.center, [60, 35])
    np.testing.assert_allclose(window.right, [1.4 * 100, 0])


def test_a_joint_between_the_ratios_is_drawn_to_the_mean_of_the_joints():
    """Of weight 1/2: the mean is (0 + 200 + 1/2 * 700) / 2.5 = 220 across."""
    joints = [[0.0, 0.0], [200.0, 0.0], [700.0, 0.0]]
    window = refine(joints, [1.0, 0.9, (LOW + HIGH) / 2])
    np.testing.assert_allclose(window.center, [(700 + 220) / 2 / 2, 0])
    np.testing.assert_allclose(window.right, [1.4 * (700 + 220) / 2, 0])


def test_a_network_without_any_score_above_zero_has_the_window_of_its_best_joint():
    window = refine([[300.0, 200.0], [0.0, 0.0]], [-0.5, -0.6])
    np.testing.assert_allclose(window.center, [300, 200])
    np.testing.assert_allclose(window.right, [999 / 8, 0])


def random_cases():
    """Joints and scores, many of which lie on the ramp or at one of its ends."""
    random = np.random.default_rng(0)
    joints = random.uniform(0, 1000, (2000, 16, 2))
    ratios = random.uniform(0, 1, (2000, 16))
    ends = random.choice([LOW, (LOW + HIGH) / 2, HIGH, 1.0], ratios.shape)
    ratios = np.where(random.uniform(size=ratios.shape) < 0.5, ends, ratios)
    ratios[:, 0] = 1
    ratios += random.uniform(-1e-7, 1e-7, ratios.shape)
    return joints, random.uniform(0.5, 1, (2000, 1)) * ratios, random


def test_a_small_change_of_joints_and_scores_moves_the_window_as_little():
    """With e the change of scores, d that of joints, 16 joints within 1000 pixels:

    A weight changes by 2 e / 0.5 / (HIGH - LOW) =: w at most, where the best score is
    at least 0.5; the mean by d + 16 * 1000 w, a drawn joint by 1000 w more. The center
    moves by as much, the side by 2 * 1.4 times that.
    """
    joints, scores, random = random_cases()
    near, small = 1e-4, 1e-7
    limit = near + 17 * 1000 * 2 * small / 0.5 / (HIGH - LOW)
    before = refine_window(joints, scores, WHOLE, SIZE)
    for _ in range(3):
        after = refine_window(
            joints + random.uniform(-near, near, joints.shape),
            scores + random.uniform(-small, small, scores.shape),
            WHOLE,
            SIZE,
        )
        assert np.abs(after.center - before.center).max() < limit < 0.1
        assert np.abs(after.right - before.right).max() < 2.8 * limit


def test_a_graph_has_the_same_windows():
    tf = pytest.importorskip("tensorflow")
    from tensorflow.experimental import numpy as tf_numpy

    joints, scores, random = random_cases()
    whole = Window.from_box(random.uniform(300, 2000, (len(joints), 4)))
    expected = refine_window(joints, scores, whole, (48, 64))

    @tf.function
    def graph(joints, scores, *whole):
        return refine_window(joints, scores, Window(*whole), (48, 64), tf_numpy)

    for found, edge in zip(
        graph(*map(tf.constant, (joints, scores, *whole))), expected
    ):
        assert found.dtype == tf.float64
        np.testing.assert_allclose(found, edge, atol=1e-9)
