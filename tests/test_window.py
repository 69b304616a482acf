import numpy as np
import pytest

from keras_hourglass.data import warp


def test_of_joints_it_is_the_longer_side_of_their_box_and_two_fifths():
    joints = np.array([[10.0, 40], [900, 900], [30, 140]])
    found = warp.window_of_joints(joints, np.array([True, False, True]))
    assert found["center"].tolist() == [20, 90]
    assert found["side"] == pytest.approx(1.4 * 100)


def test_of_a_box_it_is_the_longer_side_and_a_quarter_around_its_middle_pixel():
    found = warp.window_of_box([10, 20, 5, 100])
    assert found["center"].tolist() == [12, 69.5]
    assert found["side"] == pytest.approx(1.25 * 100)


@pytest.mark.parametrize(
    "box", [[1, 2, 0, 5], [1, 2, 5, -1], [1, 2, float("nan"), 5], [1, 2, 3], 7, [[1]]]
)
def test_a_box_without_a_size_is_refused(box):
    with pytest.raises(ValueError, match="`box` must be x, y, width and height"):
        warp.window_of_box(box)
