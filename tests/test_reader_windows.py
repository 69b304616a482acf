"""Windows of people: of a usable box, else of the joints."""

import numpy as np
import pytest

from keras_hourglass.data.readers.rows import SkipPerson
from keras_hourglass.data.readers.windows import (
    NO_BOX,
    NORMALIZED_BOX,
    parse_box,
    window_of_person,
)

JOINTS = np.array([[10.0, 20], [30, 60]])
LABELED = np.ones(2, bool)


@pytest.mark.parametrize(
    "box, note",
    [
        *[
            (box, NO_BOX)
            for box in (None, [], [1, 2, 3], [0, 0, 0, 5], [9, 9, 0.5, 0.5])
        ],
        *[(box, NORMALIZED_BOX) for box in ([0.1, 0.2, 0.5, 0.9], [0, 0, 1, 1])],
    ],
)
def test_a_box_without_a_size_or_in_normalized_coordinates_is_none(box, note):
    assert parse_box(box) is None
    window = window_of_person(JOINTS, LABELED, box)
    assert window["notes"] == [note] and window["side"] > 40


@pytest.mark.parametrize("box", [[0, 0, 1.5, 1], [7, 0.5, 1, 1]])
def test_small_boxes_of_pixels_are_usable(box):
    assert parse_box(box).tolist() == box


def test_people_whose_joints_are_normalized_are_named_so():
    with pytest.raises(SkipPerson, match="normalized coordinates .at most 1., not in"):
        window_of_person(JOINTS / 100, LABELED, [0.1, 0.2, 0.5, 0.9])
    with pytest.raises(SkipPerson, match="joints that are apart"):
        window_of_person(np.array([[10.0, 20], [10, 20.5]]), LABELED)
