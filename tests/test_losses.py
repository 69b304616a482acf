import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss
from keras_hourglass.losses import inside_heatmap

WIDTH, HEIGHT = 8, 6


def label(*rows):
    return np.array([rows], "float32")


def zeros(stacks=1, joints=1):
    return np.zeros((1, stacks, HEIGHT, WIDTH, joints), "float32")


def value(loss, y_true, y_pred):
    return float(loss(y_true, y_pred))


def worked_by_hand(x, y, sigma, foreground=0.0):
    """Of all-zero heatmaps: the sum of the squared Gaussian, pixel by pixel."""
    total = 0.0
    for row in range(HEIGHT):
        for column in range(WIDTH):
            peak = np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))
            total += peak**2 * (1 + foreground * peak)
    return total


@pytest.mark.parametrize("foreground", [0.0, 9.0])
def test_all_zero_heatmaps_cost_the_sum_over_pixels(foreground):
    loss = HeatmapLoss(sigma=1.5, foreground=foreground)
    expected = worked_by_hand(2.25, 3.5, 1.5, foreground)
    got = value(loss, label([2.25, 3.5, 1, 1]), zeros())
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_stacks_are_summed_and_joints_and_people_averaged():
    loss, row = HeatmapLoss(), [2.0, 3.0, 1, 1]
    one = value(loss, label(row), zeros())
    assert value(loss, label(row), zeros(stacks=3)) == pytest.approx(3 * one)
    assert value(loss, label(row, row), zeros(joints=2)) == pytest.approx(one)
    two = np.concatenate([label(row)] * 2), np.concatenate([zeros()] * 2)
    assert value(loss, *two) == pytest.approx(one)


def test_weights_scale_and_absent_joints_are_left_out():
    loss = HeatmapLoss()
    full = value(loss, label([2, 3, 1, 1]), zeros())
    assert value(loss, label([2, 3, 0.25, 1]), zeros()) == pytest.approx(full / 4)
    wrong = np.ones_like(zeros())
    assert value(loss, label([2, 3, 0, 1]), wrong) == 0


def test_joints_off_the_heatmap_are_left_out():
    loss, wrong = HeatmapLoss(), np.ones_like(zeros())
    assert value(loss, label([-0.6, 3, 1, 1]), wrong) == 0
    assert value(loss, label([2, HEIGHT - 0.4, 1, 1]), wrong) == 0
    assert value(loss, label([-0.4, 3, 1, 1]), wrong) > 0


def test_the_rim_of_the_heatmap_is_half_a_pixel_out():
    points = np.array([[-0.5, -0.5], [7.5, 5.5], [7.6, 0], [0, -0.51]], "float32")
    on = inside_heatmap(keras.ops.convert_to_tensor(points), (WIDTH, HEIGHT))
    on = keras.ops.convert_to_numpy(on)
    assert on.tolist() == [True, True, False, False]


def test_sixteen_bit_heatmaps_are_measured_in_float32():
    loss = HeatmapLoss()
    got = loss(label([2, 3, 1, 1]), keras.ops.cast(zeros(), "bfloat16"))
    assert keras.backend.standardize_dtype(got.dtype) == "float32"
    assert float(got) == pytest.approx(worked_by_hand(2, 3, 1.0), rel=1e-5)


def test_comes_back_from_its_config():
    loss = HeatmapLoss(sigma=2.0, foreground=9.0, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()


def test_a_sigma_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`sigma` must be positive.*sigma=0"):
        HeatmapLoss(sigma=0)
