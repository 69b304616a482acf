import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, Skeleton
from keras_hourglass.heatmaps.encode import encode

NAMES = ("left_eye", "right_eye", "nose")
THREE = Skeleton(NAMES, unscored=("nose",), reference="head")
POINTS = np.array([[[3.0, 5.0], [8.0, 2.0], [6.0, 6.0]]], "float32")


def heatmaps(points):
    drawn = encode(keras.ops.convert_to_tensor(points), (16, 12), 1.5)
    last = keras.ops.convert_to_numpy(drawn)[:, None]
    return np.concatenate([np.zeros_like(last), last], 1)  # only the last stack counts


def label(points, weight=1.0, reference=4.0):
    rest = np.broadcast_to(np.array([weight, reference], "float32"), points.shape)
    return np.concatenate([points, rest], -1)


def measured(y_true, y_pred, **kwargs):
    metric = PCKh(skeleton=THREE, **kwargs)
    metric.update_state(y_true, y_pred)
    return metric


def test_errors_of_known_size_are_counted_against_the_head():
    off = POINTS.copy()
    off[0, 0, 0] += 1.9  # 0.475 of a head
    off[0, 1, 1] += 2.1  # 0.525
    metric = measured(label(POINTS), heatmaps(off))
    assert float(metric.result()) == pytest.approx(50)
    assert metric.per_joint()[:2] == [100, 0]
    assert float(measured(label(POINTS), heatmaps(off), threshold=0.6).result()) == 100


def test_an_error_exactly_at_the_threshold_is_correct():
    off = POINTS.copy()
    off[0, :2, 0] += 2  # pixels; a whole number is decoded exactly
    off[0, 2] += 3
    assert float(measured(label(POINTS), heatmaps(off)).result()) == pytest.approx(100)


def test_joints_are_weighted_by_their_count():
    people = np.concatenate([POINTS, POINTS, POINTS])
    y_true = label(people)
    y_true[1:, 1, 2] = 0  # the second joint is absent twice
    off = people.copy()
    off[:, 1] += 5
    assert float(measured(y_true, heatmaps(off)).result()) == pytest.approx(75)


def test_absent_joints_are_left_out_and_low_weights_count():
    wrong = heatmaps(POINTS + 5)
    for weight, reference in [(0, 4), (1, 0)]:
        metric = measured(label(POINTS, weight, reference), wrong)
        assert float(metric.result()) == 0 and np.isnan(metric.per_joint()).all()
    low = measured(label(POINTS, 0.1), heatmaps(POINTS))
    assert float(low.result()) == 100


def test_a_joint_off_the_heatmap_counts():
    outside = POINTS.copy()
    outside[0, 0] = -9, 4
    metric = measured(label(outside), heatmaps(POINTS))
    assert metric.per_joint() == [0, 100, 100]


def test_batches_add_up_until_the_state_is_reset():
    metric = PCKh(skeleton=THREE)
    metric.update_state(label(POINTS), heatmaps(POINTS))
    metric.update_state(label(POINTS), heatmaps(POINTS + 5))
    assert float(metric.result()) == pytest.approx(50)
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize("skeleton", [THREE, None], ids=["bound", "unbound"])
def test_comes_back_from_its_config(skeleton):
    metric = PCKh(0.2, skeleton, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert again.get_config() == metric.get_config() and again.skeleton == skeleton


def test_without_a_skeleton_every_use_is_an_error_that_says_so():
    metric = PCKh()
    uses = [metric.result, metric.per_joint, metric.per_group, metric.mean_peak]
    for use in [lambda: metric.update_state(label(POINTS), heatmaps(POINTS)), *uses]:
        with pytest.raises(ValueError, match="`skeleton` must be given"):
            use()
    metric.reset_state()
    assert metric.variables == []


def test_a_metric_is_bound_to_its_skeleton_once():
    metric = PCKh()
    metric.bind(THREE)
    variables = metric.variables
    assert len(variables) == 4 and metric.skeleton == THREE
    metric.bind(THREE.get_config())
    assert all(a is b for a, b in zip(metric.variables, variables, strict=True))
    metric.update_state(label(POINTS), heatmaps(POINTS))
    assert float(metric.result()) == 100
    with pytest.raises(ValueError, match="`skeleton` must be that of the metric"):
        metric.bind("mpii")


def test_fit_without_a_skeleton_says_what_to_write(eager):
    images = keras.Input((12, 16, 3))
    maps = keras.layers.Conv2D(3, 1)(images)
    model = keras.Model(images, keras.layers.Reshape((1, 12, 16, 3))(maps))
    model.compile("sgd", HeatmapLoss(), metrics=[PCKh()])
    with pytest.raises(ValueError, match=r"PCKh\(skeleton=...\)"):
        model.fit(np.zeros((1, 12, 16, 3)), label(POINTS), verbose=0)


@pytest.mark.parametrize("name", ["mpii", "lsp", "coco"])
def test_groups_are_means_over_both_sides(name):
    metric = PCKh(skeleton=name)
    joints = metric.skeleton.joints
    count, correct = np.full(len(joints), 4.0), np.zeros(len(joints))
    correct[[joints.index(f"{side}_knee") for side in ("left", "right")]] = 1, 4
    metric.count.assign(count)
    metric.correct.assign(correct)
    groups = metric.per_group()
    assert groups["Knee"] == 62.5 and groups["Wrist"] == 0


def test_without_groups_each_joint_is_one():
    metric = measured(label(POINTS), heatmaps(POINTS))
    assert metric.per_group() == {"left_eye": 100, "right_eye": 100, "nose": 100}


def test_the_mean_peak_is_of_joints_that_count():
    half = label(POINTS)
    half[0, 2, 2] = 0
    metric = measured(half, 0.25 * heatmaps(POINTS))
    metric.update_state(half, 0.75 * heatmaps(POINTS))
    assert metric.mean_peak() == pytest.approx(0.5)
    assert np.isnan(PCKh(skeleton=THREE).mean_peak())


def test_batches_without_a_labeled_joint_are_counted():
    metric = measured(label(POINTS, weight=0), heatmaps(POINTS))
    metric.update_state(label(POINTS), heatmaps(POINTS))
    assert float(metric.unlabelled) == 1
    metric.reset_state()
    assert float(metric.unlabelled) == 0


def test_a_threshold_is_above_0():
    with pytest.raises(ValueError, match="`threshold` must be above 0"):
        PCKh(-1)


def test_without_a_head_errors_are_measured_in_a_tenth_of_the_box():
    """The box is 40 pixels long: 4 are correct, 5 are not, unless 0.2 is given."""
    off = POINTS.copy()
    off[0, 0, 0] += 4
    off[0, 1, 1] += 5
    box = Skeleton(NAMES)
    y_true, y_pred = label(POINTS, reference=40), heatmaps(off)
    metric = PCKh(skeleton=box)
    assert metric.threshold == 0.1
    metric.update_state(y_true, y_pred)
    assert metric.per_joint() == [100, 0, 100]
    assert float(metric.result()) == pytest.approx(200 / 3)
    fifth = PCKh(0.2, box)
    fifth.update_state(y_true, y_pred)
    assert float(fifth.result()) == 100
    twentieth = PCKh(0.05, box)
    twentieth.update_state(y_true, y_pred)
    assert twentieth.per_joint() == [0, 0, 100]


def test_the_threshold_is_that_of_the_skeleton_once_it_is_known():
    metric = PCKh()
    assert metric.threshold is None
    metric.bind("coco")
    assert metric.threshold == 0.5
    assert PCKh.from_config(metric.get_config()).threshold == 0.5
    assert PCKh(0.2, "coco").threshold == 0.2


def half_wrong(count):
    """Labels and heatmaps of people; all joints of the second half are wrong."""
    people = np.repeat(POINTS, count, 0)
    off = people.copy()
    off[count // 2 :] += 5
    return label(people), heatmaps(off)


def weighted(sample_weight, count=8):
    metric = PCKh(skeleton=THREE)
    metric.update_state(*half_wrong(count), sample_weight=sample_weight)
    return metric


@pytest.mark.parametrize("shape", [(8,), (8, 1), (8, 3)])
def test_people_of_weight_0_do_not_count(shape):
    weights = np.ones(shape, "float32")
    weights[4:] = 0
    metric = weighted(weights)
    assert float(metric.result()) == 100 and metric.per_joint() == [100] * 3
    assert float(weighted(None).result()) == 50
    assert float(weighted(1.0).result()) == 50


def test_weights_below_1_weigh_without_a_least_count():
    """Right by 0.03, wrong by 0.01 of the weight."""
    weights = np.zeros(8, "float32")
    weights[[0, 1, 7]] = 0.02, 0.01, 0.01
    metric = weighted(weights)
    assert float(metric.result()) == pytest.approx(75)
    assert metric.per_joint() == pytest.approx([75] * 3)
    assert metric.per_group()["nose"] == pytest.approx(75)


def test_joints_weigh_by_themselves_also_with_as_many_people_as_joints():
    weights = np.array([[1, 0, 0.5], [0, 0, 0], [3, 2, 0.5]], "float32")
    metric = weighted(weights, 3)  # the first person is right
    assert metric.per_joint() == pytest.approx([25, 0, 50])
    assert float(metric.result()) == pytest.approx(100 / 6)  # without the nose
    people = weighted(np.array([3, 0, 1], "float32"), 3)
    assert people.per_joint() == pytest.approx([75] * 3)


def test_the_mean_peak_is_weighted():
    metric = PCKh(skeleton=THREE)
    maps = heatmaps(np.repeat(POINTS, 2, 0))
    maps[1] /= 4
    metric.update_state(label(np.repeat(POINTS, 2, 0)), maps, np.array([0.1, 0.3]))
    assert metric.mean_peak() == pytest.approx((0.1 + 0.3 / 4) / 0.4)


def test_sample_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"`sample_weight` must be .*\(8, 3\).*\(3,\)"):
        weighted(np.ones(3))


@pytest.mark.parametrize("absurd", [np.nan, np.inf, -np.inf, 1e30, -3e38])
def test_no_value_at_weight_0_changes_the_metric(absurd):
    y_true, y_pred = half_wrong(8)
    y_true[0, 0, 2] = 0
    other = y_true.copy()
    other[0, 0, [0, 1, 3]] = absurd
    sample = other.copy()
    sample[0, 0, 2] = absurd
    weights = np.ones((8, 3))
    weights[0, 0] = 0
    plain, absent, unweighted = (PCKh(skeleton=THREE) for _ in range(3))
    plain.update_state(y_true, y_pred)
    absent.update_state(other, y_pred)
    unweighted.update_state(sample, y_pred, weights)
    for metric in (absent, unweighted):
        for got, expected in zip(metric.variables, plain.variables):
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(got), keras.ops.convert_to_numpy(expected)
            )


@pytest.mark.parametrize("absurd", [np.nan, np.inf, 1e30, -3e38])
def test_a_labeled_joint_infinitely_far_is_wrong(absurd):
    y_true = label(POINTS)
    y_true[0, 0, 0] = absurd
    metric = measured(y_true, heatmaps(POINTS))
    assert metric.per_joint() == [0, 100, 100] and float(metric.result()) == 50


@pytest.mark.parametrize(
    "factor, percent", [(1, 100), (1 - 1e-4, 100), (1 + 1e-6, 100), (1 + 1e-4, 0)]
)
@pytest.mark.parametrize("side", [7.3, 10, 40])
def test_an_error_at_the_threshold_is_correct_in_any_window(side, factor, percent):
    """Errors of half a head, in any direction, seen through any window."""
    random = np.random.default_rng(0)
    points = np.rint(random.uniform(20, 44, (300, 3, 2)))
    angle = random.uniform(0, 2 * np.pi, (300, 3, 1))
    away = factor * side / 2 * np.concatenate([np.cos(angle), np.sin(angle)], -1)
    scale = random.uniform(2, 16, (300, 1, 1)) / side  # heatmap pixels to image pixels
    reference = np.broadcast_to(side * scale, (300, 3, 1))
    y_true = [points + scale * away, np.ones_like(reference), reference]
    y_true = np.concatenate(y_true, -1).astype("float32")
    y_pred = encode(keras.ops.convert_to_tensor(points, "float32"), (64, 64), 1)
    assert float(measured(y_true, y_pred[:, None]).result()) == percent
