from dataclasses import fields

import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation, geometric
from keras_hourglass.geometry import Window

WINDOW = Window(np.array([50.0, 70.0]), np.array([30.0, 0.0]), np.array([0.0, 40.0]))
NONE = {field.name: 0 for field in fields(Augmentation)}
COUNT = 2000


UPPER = np.array([[44.0, 60.0], [50, 62], [56, 64], [47, 76]])
LOWER = np.array([[50.0, 76.0], [48, 80], [52, 85]])
HALVES = np.array([[True] * 4 + [False] * 3, [False] * 4 + [True] * 3])


def drawn(augmentation, labeled=(True,) * 7, randoms=None, halves=HALVES):
    """Windows that are drawn, stacked, and whether they are mirrored."""
    randoms = randoms or [np.random.default_rng(0)] * COUNT
    given = WINDOW.center, WINDOW.right, WINDOW.down, [*UPPER, *LOWER], labeled
    *window, joints, labeled = (np.stack([x] * len(randoms)) for x in given)
    return augmentation.transform_windows(
        Window(*window), randoms, joints, labeled, halves
    )


def views(labeled=(True,) * 7, halves=HALVES, **strengths):
    augmentation = Augmentation(**{**NONE, **strengths})
    return drawn(augmentation, labeled, halves=halves)


def test_without_any_strength_nothing_changes():
    window, flipped = views()
    for edge, expected in zip(window, WINDOW):
        np.testing.assert_array_equal(edge, np.tile(expected, (COUNT, 1)))
    assert not flipped.any()


def test_scale_varies_by_its_deviation_and_no_further():
    window, _ = views(scale=0.25)
    factor = np.linalg.norm(window.right, axis=1) / 30
    np.testing.assert_allclose(np.linalg.norm(window.down, axis=1) / 40, factor)
    assert factor.min() == pytest.approx(0.75) and factor.max() == pytest.approx(1.25)
    # A normal distribution lies within one deviation for 68 % of all draws.
    assert np.mean((factor > 0.7501) & (factor < 1.2499)) == pytest.approx(
        0.68, abs=0.04
    )


def test_a_share_of_windows_is_rotated_by_at_most_two_deviations():
    window, _ = views(rotation=30, rotation_share=0.6)
    angle = np.degrees(np.arctan2(window.right[:, 1], window.right[:, 0]))
    assert np.mean(angle != 0) == pytest.approx(0.6, abs=0.04)
    assert angle.min() == pytest.approx(-60) and angle.max() == pytest.approx(60)
    assert np.mean(np.abs(angle[angle != 0]) < 30) == pytest.approx(0.68, abs=0.04)


def test_a_share_of_windows_is_mirrored_and_says_so():
    window, flipped = views(flip=0.3)
    assert flipped.mean() == pytest.approx(0.3, abs=0.04)
    np.testing.assert_array_equal(window.right[:, 0], np.where(flipped, -30, 30))


def test_windows_move_by_at_most_the_requested_share():
    window, _ = views(shift=0.1)
    moved = (window.center - WINDOW.center) / (30, 40)
    assert 0.095 < np.abs(moved).max() <= 0.1
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=0.005)


def test_a_half_body_has_the_box_of_its_joints_in_the_middle_and_half_as_much_again():
    window, _ = views(half_body=1)
    upper = window.center[:, 1] < 70
    assert upper.mean() == pytest.approx(0.5, abs=0.04)
    # 12 of 30 pixels across, 16 of 40 down: 0.4 of the window, and half as much again.
    expected = [50, 68], [0.6 * 30, 0], [0, 0.6 * 40]
    for edge, value in zip(window, expected):
        np.testing.assert_allclose(edge[upper], [value] * upper.sum(), atol=1e-12)


def test_the_window_of_a_half_body_is_not_smaller_than_the_least():
    window, _ = views(half_body=1)
    lower = window.center[:, 1] > 70
    np.testing.assert_allclose(window.center[lower], [[50, 80.5]] * lower.sum())
    np.testing.assert_allclose(window.right[lower, 0], geometric.MIN_SIZE * 30)


def test_a_half_with_too_few_joints_is_not_chosen():
    few = [True] * 6 + [False]
    window, _ = views(few, half_body=1)
    np.testing.assert_allclose(window.center, [[50, 68]] * COUNT)
    window, _ = views(few, HALVES & [[False], [True]], half_body=1)
    for edge, expected in zip(window, WINDOW):
        np.testing.assert_array_equal(edge, [expected] * COUNT)


def test_a_share_of_samples_is_a_half_body_inside_of_a_turned_window_too():
    window, _ = views(half_body=0.3, rotation=30, rotation_share=1)
    edges = np.linalg.norm(window.right, axis=-1)
    assert np.mean(edges < 29) == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose((window.right * window.down).sum(-1), 0, atol=1e-9)


def test_a_part_of_the_body_has_the_joints_beyond_a_line_in_its_middle():
    window, _ = views(body_part=1)
    joints = np.array([*UPPER, *LOWER])
    edge = window.right[:, 0] / 30
    np.testing.assert_allclose(window.down[:, 1] / 40, edge)
    # By the middle of the window: how many joints, counted from which side.
    expected = {
        tuple(np.round((part.min(0) + part.max(0)) / 2, 6)): (direction, count)
        for direction, across in enumerate(geometric.DIRECTIONS)
        for count in range(3, 7)
        for part in [joints[np.argsort(-joints @ across, kind="stable")[:count]]]
    }
    found = [expected[tuple(center)] for center in np.round(window.center, 6)]
    directions, counts = np.transpose(found)
    upward = (directions == 0).mean()
    assert upward == pytest.approx(geometric.DIRECTION_SHARES[0], abs=0.05)
    assert {*counts} == {3, 4, 5, 6}
    assert edge.min() >= geometric.MIN_PART_SIZE and edge.max() <= 1


def test_a_part_of_the_body_needs_five_labeled_joints_and_enough_pixels():
    for labeled in ([True] * 4 + [False] * 3, [False] * 7):
        window, _ = views(labeled, body_part=1)
        np.testing.assert_array_equal(window.center, [WINDOW.center] * COUNT)
    small = geometric.body_part_windows(
        Window(*(edge[None] for edge in WINDOW)),
        *(np.array([[True]]), np.array([[*UPPER, *LOWER]]), np.array([[True] * 7])),
        *np.zeros((3, 1, 1)),
    )
    assert small.right[0, 0] == 30  # of 48 pixels that it should have at least


def test_one_strength_does_not_change_what_another_draws():
    one, _ = views(scale=0.25, rotation=30, rotation_share=0.6)
    other, _ = views(scale=0.25, rotation=30, rotation_share=0.6, shift=0.1)
    np.testing.assert_allclose(one[1:], other[1:])


def test_a_window_does_not_depend_on_the_others_of_its_batch():
    everything = Augmentation(half_body=0.5, shift=0.1)
    together, _ = drawn(everything, randoms=[*map(np.random.default_rng, range(40))])
    for seed in range(40):
        alone, _ = drawn(everything, randoms=[np.random.default_rng(seed)])
        for edge, expected in zip(together, alone):
            np.testing.assert_array_equal(edge[seed], expected[0])
