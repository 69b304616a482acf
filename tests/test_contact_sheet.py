import numpy as np

from keras_hourglass.data import contact_sheet
from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.visualization.skeletons import SIDE_COLORS


def test_a_sheet_has_all_people_once_in_random_order(drawn):
    sheet, rows, failures = contact_sheet.contact_sheet(drawn, count=100)
    assert sorted(rows) == [*range(17)] and rows != [*range(17)] and not failures
    assert sheet.shape == (3 * contact_sheet.SIDE, 6 * contact_sheet.SIDE, 3)
    assert rows == contact_sheet.contact_sheet(drawn, count=100)[1]
    assert rows[:4] != contact_sheet.contact_sheet(drawn, count=4, seed=1)[1]


def test_few_people_are_augmented_several_times(drawn):
    one = drawn[:1]
    assert contact_sheet.contact_sheet(one, count=5)[0].shape == (
        contact_sheet.SIDE,
        contact_sheet.SIDE,
        3,
    )
    sheet, rows, _ = contact_sheet.contact_sheet(
        one, count=5, augmentation=Augmentation()
    )
    assert rows == [0] * 5 and sheet.shape[1] == 5 * contact_sheet.SIDE
    first, second = np.split(sheet, 5, axis=1)[:2]
    assert np.any(first != second)


def test_joints_are_drawn_where_they_are_in_the_window(drawn):
    one = drawn[:1]
    sheet, *_ = contact_sheet.contact_sheet(one, count=1)
    from_left = one.centers[0] - one.sides[0] / 2
    for name, color in (("right_wrist", "right_"), ("left_wrist", "left_")):
        joint = one.joints[0, one.skeleton.joints.index(name)]
        x, y = (joint - from_left + 0.5) * contact_sheet.SIDE / one.sides[0] - 0.5
        np.testing.assert_array_equal(sheet[round(y), round(x)], SIDE_COLORS[color])
