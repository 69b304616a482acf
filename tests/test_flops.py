import keras
import numpy as np

from keras_hourglass import StackedHourglass
from keras_hourglass.models.flops import count_macs, count_parameters


def test_multiply_adds_of_two_convolutions_equal_those_by_hand():
    model = keras.Sequential(
        [
            keras.Input((6, 10, 3)),
            keras.layers.Conv2D(4, 3, strides=2, padding="same"),  # 3 x 5 pixels out
            keras.layers.DepthwiseConv2D(3, padding="same"),
        ]
    )
    assert count_macs(model) == 15 * 27 * 4 + 15 * 9 * 4
    assert count_parameters(model) == 27 * 4 + 4 + 9 * 4 + 4


def test_parameters_leave_out_moving_statistics():
    model = StackedHourglass(stacks=1, filters=4, image_size=64)
    statistics = sum(
        np.prod(weight.shape)
        for weight in model.non_trainable_weights
        if weight.name.startswith("moving")
    )
    assert count_parameters(model) == model.count_params() - statistics
