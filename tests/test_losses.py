import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss
from keras_hourglass.losses.heatmaps import inside_heatmap

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


def test_joints_off_the_heatmap_may_have_an_empty_heatmap_as_their_target():
    loss, ones = HeatmapLoss(outside="empty", foreground=9), np.ones_like(zeros())
    for place in ([-0.6, 3], [2, HEIGHT - 0.4], [-1e4, -1e4], [np.inf, 0]):
        assert value(loss, label([*place, 1, 1]), ones) == WIDTH * HEIGHT
        assert value(loss, label([*place, 0.5, 1]), zeros()) == 0
        assert value(loss, label([*place, 0, 1]), ones) == 0
    inside = label([2, 3, 1, 1])
    other = HeatmapLoss(foreground=9)
    assert value(loss, inside, ones) == value(other, inside, ones)


def test_an_unknown_choice_for_joints_off_the_heatmap_is_refused():
    with pytest.raises(ValueError, match="`outside` must be.*'empty'.*'emty'"):
        HeatmapLoss(outside="emty")


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
    loss = HeatmapLoss(sigma=2.0, foreground=9.0, outside="empty", name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()


def test_a_sigma_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`sigma` must be positive.*sigma=0"):
        HeatmapLoss(sigma=0)


def people(count, joints, seed=0):
    """Labels and heatmaps of one stack, at random."""
    random = np.random.default_rng(seed)
    points = random.uniform(0, [WIDTH - 1, HEIGHT - 1], (count, joints, 2))
    weights = random.uniform(0.2, 1, (count, joints, 1))
    y_true = np.concatenate([points, weights, np.ones_like(weights)], -1)
    y_pred = random.normal(size=(count, 1, HEIGHT, WIDTH, joints))
    return y_true.astype("float32"), y_pred.astype("float32")


def errors_by_hand(y_true, y_pred):
    """`(people, joints)`: weight times squared error, joint by joint."""
    made = np.zeros(y_true.shape[:2])
    for i, j in np.ndindex(*made.shape):
        x, y, weight, _ = y_true[i, j]
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        target = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2)
        made[i, j] = weight * np.sum((y_pred[i, 0, ..., j] - target) ** 2)
    return made


WEIGHTS = np.random.default_rng(1).uniform(0, 2, (16, 16)).astype("float32")
WEIGHTS[::3] = 0


@pytest.mark.parametrize("count", [5, 16], ids=["5 people", "as many as joints"])
@pytest.mark.parametrize(
    "kind", ["people", "column of people", "joints", "one number", "none"]
)
def test_each_reduction_weighs_people_and_joints(kind, count):
    y_true, y_pred = people(count, 16)
    sample_weight = {
        "people": WEIGHTS[:count, 1],
        "column of people": WEIGHTS[:count, 1:2],
        "joints": WEIGHTS[:count],
        "one number": 0.5,
        "none": None,
    }[kind]
    spread = {"people": WEIGHTS[:count, 1:2], "none": 1.0}.get(kind, sample_weight)
    spread = np.broadcast_to(spread, (count, 16))
    weighted = spread * errors_by_hand(y_true, y_pred)
    expected = {
        "sum_over_batch_size": weighted.mean(),
        "mean": weighted.mean(),
        "sum": weighted.mean(axis=1).sum(),
        "mean_with_sample_weight": weighted.sum() / spread.sum(),
        None: weighted,
    }
    for reduction, value in expected.items():
        got = HeatmapLoss(reduction=reduction)(y_true, y_pred, sample_weight)
        got = keras.ops.convert_to_numpy(got)
        np.testing.assert_allclose(got, value, 1e-5, 1e-6, err_msg=str(reduction))


@pytest.mark.parametrize("shape", [(3,), (1,), (4, 2), (4, 3, 1), (3, 1)])
def test_sample_weights_of_another_shape_are_refused(shape):
    y_true, y_pred = people(4, 3)
    with pytest.raises(ValueError, match="`sample_weight` must be .*people.*Received"):
        HeatmapLoss()(y_true, y_pred, np.ones(shape))


def gradient(loss, y_true, y_pred, sample_weight=None):
    """Of the loss by the heatmaps."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        y_pred = tf.Variable(y_pred)
        with tf.GradientTape() as tape:
            total = loss(y_true, y_pred, sample_weight)
        return tape.gradient(total, y_pred).numpy()
    if backend == "jax":
        import jax

        by_heatmaps = jax.grad(lambda maps: loss(y_true, maps, sample_weight))
        return np.asarray(by_heatmaps(y_pred))
    y_pred = keras.ops.convert_to_tensor(y_pred).requires_grad_()
    loss(y_true, y_pred, sample_weight).backward()
    return y_pred.grad.cpu().numpy()


def test_the_gradient_is_twice_the_difference_times_both_weights():
    y_true, y_pred = label([2, 3, 0.5, 1], [4, 1, 1, 1]), np.ones_like(zeros(joints=2))
    got = gradient(HeatmapLoss(), y_true, y_pred, np.array([[4.0, 0.0]], "float32"))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    target = np.exp(-((columns - 2) ** 2 + (rows - 3) ** 2) / 2)
    # 0.5 of the label times 4 of the sample, over two joints
    np.testing.assert_allclose(got[0, 0, ..., 0], 2 * (1 - target), rtol=1e-5)
    assert not got[..., 1].any()


ABSURD = [np.nan, np.inf, -np.inf, 1e30, -3e38]


@pytest.mark.parametrize("absurd", ABSURD)
@pytest.mark.parametrize("absent", ["label", "sample", "person"])
def test_no_value_at_weight_0_changes_loss_or_gradient(absurd, absent):
    y_true, y_pred = people(3, 2)
    sample_weight = {
        "label": None,
        "sample": np.array([[1, 1], [1, 0], [1, 1]], "float32"),
        "person": np.array([1, 0, 1], "float32"),
    }[absent]
    if absent == "label":
        y_true[1, 1, 2] = 0
    other = y_true.copy()
    other[1, 1, [0, 3]] = absurd
    if absent != "label":
        other[1, 1, 2] = absurd  # the label's own weight, too
    loss = HeatmapLoss(foreground=9)
    expected = value_and_gradient(loss, y_true, y_pred, sample_weight)
    got = value_and_gradient(loss, other, y_pred, sample_weight)
    for one, another in zip(got, expected):
        assert np.isfinite(another).all()
        np.testing.assert_array_equal(one, another)


def value_and_gradient(loss, *arguments):
    total = keras.ops.convert_to_numpy(loss(*arguments))
    return total, gradient(loss, *arguments)


@pytest.mark.parametrize("absurd", [np.inf, -np.inf, 1e30, -3e38])
def test_a_labeled_joint_infinitely_far_is_outside(absurd):
    y_true, y_pred = people(3, 2)
    outside, far = y_true.copy(), y_true.copy()
    outside[1, 1, 0], far[1, 1, 0] = -9, absurd
    expected = value_and_gradient(HeatmapLoss(foreground=9), outside, y_pred)
    got = value_and_gradient(HeatmapLoss(foreground=9), far, y_pred)
    for one, another in zip(got, expected):
        np.testing.assert_array_equal(one, another)


def test_a_labeled_joint_at_nan_is_not_hidden():
    y_true, y_pred = people(3, 2)
    y_true[1, 1, 0] = np.nan
    assert np.isnan(value(HeatmapLoss(), y_true, y_pred))
