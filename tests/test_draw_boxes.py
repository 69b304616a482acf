"""Boxes drawn on images."""

import numpy as np
import pytest

from keras_hourglass.visualization.boxes import (
    IGNORED_COLOR,
    PERSON_COLOR,
    draw_boxes,
    draw_labels,
)

BLANK = np.full((120, 160, 3), 100, "uint8")


def extent(image, color):
    """The columns and rows that have a color: (first, last) of each."""
    rows, columns = np.nonzero(np.abs(image - np.array(color)).max(axis=-1) < 2)
    return columns.min(), columns.max(), rows.min(), rows.max()


def test_lines_run_along_the_edges_of_a_box_and_the_image_is_kept():
    drawn = draw_boxes(BLANK, [(40, 20, 80, 60)])
    assert extent(drawn, PERSON_COLOR) == (39, 120, 19, 80)  # a pixel on either side
    assert (drawn[30:70, 50:110] == 100).all() and (BLANK == 100).all()


def test_boxes_may_reach_out_of_the_image_and_there_may_be_none():
    drawn = draw_boxes(BLANK, [(-400, 50, 1000, 1000)])
    assert extent(drawn, PERSON_COLOR) == (0, 159, 49, 50)
    np.testing.assert_array_equal(draw_boxes(BLANK, []), BLANK)
    assert draw_boxes(BLANK[..., 0], [(1, 1, 9, 9)]).shape == BLANK.shape


def test_of_a_label_people_and_ignored_areas_differ_and_empty_rows_are_left_out():
    label = [(5, 5, 10, 10, 1), (25, 5, 10, 20, -1), (1, 20, 9, 9, 0)]
    drawn = draw_labels(BLANK, np.array(label, "float32"), scale=4)
    assert extent(drawn, PERSON_COLOR) == (19, 60, 19, 60)
    assert extent(drawn, IGNORED_COLOR) == (99, 140, 19, 100)
    assert (drawn[110:] == 100).all()


@pytest.mark.parametrize("order", [1, -1])
def test_people_are_drawn_over_ignored_areas(order):
    label = np.array([(5, 5, 10, 10, 1), (5, 5, 10, 10, -1)][::order], "float32")
    drawn = draw_labels(BLANK, label, scale=4)
    assert extent(drawn, PERSON_COLOR) == (19, 60, 19, 60)
