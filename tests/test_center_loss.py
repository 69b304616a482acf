import keras
import numpy as np
import pytest

from keras_hourglass import CenterLoss
from keras_hourglass.heatmaps.boxes import CORE, IGNORED, MIN_SIGMA

WIDTH, HEIGHT = 10, 8
PERSON = [3, 2, 4, 4, 1]  # spans 2.5 to 6.5 and 1.5 to 5.5; the middle pixel is (4, 4)
MIDDLE = 4, 4  # row and column


def label(*rows):
    return np.array([[*rows, [0] * 5]], "float32")


def zeros(stacks=1):
    return np.zeros((1, stacks, HEIGHT, WIDTH, 5), "float32")


def target_of_person():
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    squares = (rows - MIDDLE[0]) ** 2 + (columns - MIDDLE[1]) ** 2
    return np.exp(-0.5 * squares / MIN_SIGMA**2)


def maps_of_person(logit=0.0, factor=1.0):
    """Maps whose boxes are those of the person, larger by a factor on all sides."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distances = [columns - 2.5, rows - 1.5, 6.5 - columns, 5.5 - rows]
    maps = zeros()
    maps[0, 0, ..., 0] = logit
    maps[0, 0, ..., 1:] = np.log(np.clip(np.stack(distances, -1), 0.1, None) * factor)
    return maps


def of_centers(probability):
    """The focal loss, pixel by pixel, where all have one probability."""
    total = 0.0
    for target in target_of_person().flat:
        if target == 1:
            total -= (1 - probability) ** 2 * np.log(probability)
        else:
            total -= (1 - target) ** 4 * probability**2 * np.log(1 - probability)
    return total


def value(y_true, y_pred, *sample_weight, **options):
    return float(CenterLoss(**options)(y_true, y_pred, *sample_weight))


def gradient(y_true, y_pred):
    """Of the loss by the maps."""
    loss, backend = CenterLoss(), keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        y_pred = tf.Variable(y_pred)
        with tf.GradientTape() as tape:
            total = loss(y_true, y_pred)
        return tape.gradient(total, y_pred).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda maps: loss(y_true, maps))(y_pred))
    y_pred = keras.ops.convert_to_tensor(y_pred).requires_grad_()
    loss(y_true, y_pred).backward()
    return y_pred.grad.cpu().numpy()


@pytest.mark.parametrize("logit", [0.0, -2.0, 3.0])
def test_exact_boxes_cost_the_focal_loss_of_the_middles_alone(logit):
    expected = of_centers(1 / (1 + np.exp(-logit)))
    got = value(label(PERSON), maps_of_person(logit))
    np.testing.assert_allclose(got, expected, rtol=1e-4)


@pytest.mark.parametrize("factor, iou", [(1, 1), (2, 1 / 4), (0.5, 1 / 4)])
def test_boxes_cost_their_missing_overlap(factor, iou):
    # One lies in the other: no more than the union is in the hull of both.
    got = value(label(PERSON), maps_of_person(factor=factor), box_weight=7.0)
    np.testing.assert_allclose(got - of_centers(0.5), 7 * (1 - iou), atol=1e-4)


def test_boxes_that_reach_out_cost_the_empty_part_of_their_hull_as_well():
    maps, pixels = maps_of_person(), target_of_person() > CORE
    maps[0, 0, pixels, 1:] = np.log([0.1, 1, 9, 1])  # boxes 9.1 wide and 2 high
    shares = target_of_person() / target_of_person()[pixels].sum()
    cost = 0.0
    for row, column in np.argwhere(pixels):
        both = (0.1 + 6.5 - column) * (1 + min(1, 5.5 - row))
        union = 16 + 9.1 * 2 - both
        hull = (column + 9 - 2.5) * (max(row + 1, 5.5) - 1.5)
        giou = both / union - (hull - union) / hull
        cost += shares[row, column] * (1 - giou)
    got = value(label(PERSON), maps, box_weight=1.0) - of_centers(0.5)
    np.testing.assert_allclose(got, cost, rtol=1e-4)


def test_stacks_are_summed_and_photographs_averaged_by_their_people():
    one = value(label(PERSON), zeros())
    assert value(label(PERSON), zeros(3)) == pytest.approx(3 * one)
    two = np.repeat(label(PERSON), 2, 0), np.repeat(zeros(), 2, 0)
    assert value(*two) == pytest.approx(one)
    # A photograph of nobody has no boxes to learn: 80 pixels are empty.
    empty = HEIGHT * WIDTH * 0.25 * np.log(2)
    assert value(label(), zeros()) == pytest.approx(empty)
    mixed = np.concatenate([label(PERSON), label([0] * 5)])
    assert value(mixed, two[1]) == pytest.approx(one + empty, rel=1e-5)
    assert value(mixed, two[1], np.array([1.0, 0.0])) == pytest.approx(one)


def test_nothing_is_trained_where_an_ignored_area_lies():
    area = [0, 0, WIDTH, HEIGHT, IGNORED]
    random = np.random.default_rng(0).normal(0, 3, zeros().shape).astype("float32")
    assert value(label(area), random) == 0 and not gradient(label(area), random).any()
    part = gradient(label([0, 0, 5, HEIGHT, IGNORED]), random)[0, 0, ..., 0]
    assert not part[:, :5].any() and part[:, 5:].all()
    both = gradient(label(PERSON, area), random)[0, 0, ..., 0]
    assert (both != 0).sum() == (target_of_person() > CORE).sum()


@pytest.mark.parametrize("extreme", [-1e4, -90.0, 90.0, 1e4])
def test_loss_and_gradient_are_finite_whatever_the_maps(extreme):
    for y_true in (label(PERSON), label([30, -9, 0, 0, 1]), label()):
        maps = np.full_like(zeros(), extreme)
        assert np.isfinite(value(y_true, maps))
        assert np.isfinite(gradient(y_true, maps)).all()


def test_a_step_down_the_gradient_lowers_the_loss():
    maps = np.random.default_rng(1).normal(0, 1, zeros().shape).astype("float32")
    before = value(label(PERSON), maps)
    assert value(label(PERSON), maps - 0.05 * gradient(label(PERSON), maps)) < before


def test_it_comes_back_from_its_configuration():
    config = keras.losses.serialize(CenterLoss(box_weight=2.0))
    loss = keras.losses.deserialize(config)
    assert isinstance(loss, CenterLoss) and loss.box_weight == 2.0
    with pytest.raises(ValueError, match="`box_weight`.*-1"):
        CenterLoss(box_weight=-1)
