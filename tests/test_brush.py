"""Pixels worked out by hand: the farther from a line, the less paint."""

import numpy as np
import pytest

from keras_hourglass.visualization.skeletons import draw_line

PAINT = (200, 100, 40)


def painted(start, end, radius, size=(24, 20), **kwargs):
    """How much of the paint each pixel of a black picture has taken."""
    image = np.zeros((size[1], size[0], 3), "uint8")
    draw_line(image, start, end, radius, PAINT, **kwargs)
    share = image / PAINT
    np.testing.assert_allclose(share, share[..., :1].repeat(3, -1), atol=0.02)
    return share[..., 0]


def test_a_line_is_half_painted_where_its_edge_crosses_a_pixel():
    share = painted((5, 10), (15, 10), radius=2)
    np.testing.assert_allclose(share[6:15, 9], [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(share[10, [2, 3, 4, 16, 17, 18]], [0, 0.5, 1, 1, 0.5, 0])


def test_a_line_between_two_rows_is_drawn_on_both_alike():
    share = painted((5, 10.5), (15, 10.5), radius=1)
    np.testing.assert_allclose(share[8:14, 9], [0, 0, 1, 1, 0, 0])
    share = painted((5, 10.25), (15, 10.25), radius=1)
    np.testing.assert_allclose(share[8:14, 9], [0, 0.25, 1, 0.75, 0, 0], atol=0.004)


def test_a_slanting_line_is_as_wide_as_a_straight_one():
    """Along (3, 4)/5, a pixel (x, y) is |4x - 3y|/5 from it: (12, 9) is 4.2."""
    share = painted((0, 0), (30, 40), radius=4, size=(50, 60))
    for (x, y), covered in {
        (12, 9): 0.3,
        (12, 16): 1,
        (13, 9): 0,
        (16, 15): 0.7,
    }.items():
        assert share[y, x] == pytest.approx(covered, abs=0.004)


def test_a_disc_has_its_area():
    share = painted((11.3, 9.6), (11.3, 9.6), radius=6)
    assert share.sum() == pytest.approx(np.pi * 36, rel=0.01)


def test_what_is_under_thin_paint_shines_through():
    image = np.full((5, 5, 3), 100, "uint8")
    draw_line(image, (2, 2), (2, 2), 1, (200, 100, 0), opacity=0.25)
    np.testing.assert_array_equal(image[2, 2], [125, 100, 75])
    np.testing.assert_array_equal(image[0, 0], [100] * 3)


def test_of_a_line_across_the_rim_the_part_inside_is_drawn():
    whole = np.zeros((80, 120, 3), "uint8")
    ends = np.array([[10.3, 70.2], [110.4, 5.7]])
    draw_line(whole, *ends, 3, PAINT)
    part = np.zeros((20, 30, 3), "uint8")
    draw_line(part, *(ends - (40, 30)), 3, PAINT)
    np.testing.assert_array_equal(part, whole[30:50, 40:70])
    assert part.any()


@pytest.mark.parametrize("far", [1e4, 1e6, 1e9])
def test_a_joint_far_outside_only_gives_a_direction(far):
    share = painted((10, 10), (far, 10), radius=2)
    np.testing.assert_allclose(share[7:14, 20], [0, 0.5, 1, 1, 1, 0.5, 0])
    assert not painted((far, far), (far, 0), radius=2).any()
    assert not painted((-far, far), (far, far), radius=2).any()
