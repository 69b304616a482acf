import numpy as np

from keras_hourglass.heatmaps import labels


def test_a_label_is_split_into_points_weight_and_reference():
    points, weight, reference = labels.unpack(np.arange(40).reshape(2, 5, 4))
    assert points.shape == (2, 5, 2)
    assert points[1, 2].tolist() == [28, 29]
    assert weight[1, 2] == 30 and reference[1, 2] == 31
