"""Distillation: a teacher in the loss, and nothing of it in the student's file."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.training.distillation import add_distillation_loss

NETWORK = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
NETWORK["block"] = "tests>PointwiseBlock"
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 32, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (2, 16, 2)), np.ones((2, 16, 1)), np.full((2, 16, 1), 2)], -1
).astype("float32")
UNLABELLED = np.zeros_like(LABELS)
LOSS = HeatmapLoss(foreground=3)


@pytest.fixture
def pair(eager):
    keras.utils.set_random_seed(0)
    teacher = StackedHourglass(stacks=1, **NETWORK)
    head = teacher.get_layer("stack_1_heatmaps")
    head.set_weights([w + 0.3 for w in head.get_weights()])
    student = StackedHourglass(stacks=2, **NETWORK)
    student.compile(keras.optimizers.SGD(0.001), LOSS)
    return student, teacher


def numbers(value):
    return ops.convert_to_numpy(value)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_the_loss_is_shared_by_the_labels_and_the_teachers_last_stack(pair, weight):
    student, teacher = pair
    y_pred = student(IMAGES)
    label_loss = numbers(student.compute_loss(IMAGES, LABELS, y_pred))
    add_distillation_loss(student, teacher, weight, LOSS)
    target = np.maximum(numbers(teacher(IMAGES))[:, -1:], 0)
    error = (numbers(y_pred) - target) ** 2 * (1 + 3 * target)
    teacher_loss = error.sum(axis=(1, 2, 3)).mean()
    total = numbers(student.compute_loss(IMAGES, LABELS, y_pred, training=True))
    np.testing.assert_allclose(
        total, (1 - weight) * label_loss + weight * teacher_loss, 1e-5
    )
    validated = numbers(student.compute_loss(IMAGES, LABELS, y_pred, training=False))
    np.testing.assert_allclose(validated, label_loss, 1e-6)


@pytest.mark.parametrize(
    "sample_weight", [np.array([0.5, 2.0]), np.array([[0.5] * 16, [2.0] * 16])]
)
def test_sample_weights_apply_to_labels_and_teacher(pair, sample_weight):
    student, teacher = pair
    y_pred, data = student(IMAGES), [IMAGES, LABELS, student(IMAGES), sample_weight]
    label_loss = numbers(student.compute_loss(*data))
    add_distillation_loss(student, teacher, 0.25, LOSS)
    target = np.maximum(numbers(teacher(IMAGES))[:, -1:], 0)
    error = (numbers(y_pred) - target) ** 2 * (1 + 3 * target)
    one, two = error.sum(axis=(1, 2, 3)).mean(axis=1)
    total = numbers(student.compute_loss(*data, training=True))
    expected = 0.75 * label_loss + 0.25 * (0.5 * one + 2 * two) / 2
    np.testing.assert_allclose(total, expected, 1e-5)


def test_joints_without_a_label_learn_too_and_the_teacher_does_not_change(pair):
    student, teacher = pair
    add_distillation_loss(student, teacher, 0.5, LOSS)
    before, weights = student.get_weights(), teacher.get_weights()
    count = student.count_params()
    first, *_, last = (
        np.ravel(student.train_on_batch(IMAGES, UNLABELLED))[0] for _ in range(4)
    )
    assert last < first and student.count_params() == count
    assert any(np.any(a != b) for a, b in zip(before, student.get_weights()))
    for a, b in zip(weights, teacher.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_students_file_holds_nothing_of_the_teacher(pair, tmp_path):
    student, teacher = pair
    add_distillation_loss(student, teacher, 0.5, LOSS)
    student.train_on_batch(IMAGES, LABELS)
    student.save(tmp_path / "last.keras")
    again = keras.models.load_model(tmp_path / "last.keras", compile=False)
    assert type(again) is StackedHourglass
    for a, b in zip(student.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_teacher_of_other_joints_size_or_offset_is_refused(pair):
    student, _ = pair
    with pytest.raises(ValueError, match="joints of the student.*nose"):
        add_distillation_loss(
            student, StackedHourglass(stacks=1, skeleton="coco", **NETWORK), 0.5, LOSS
        )
    larger = StackedHourglass(stacks=1, **{**NETWORK, "image_size": 64})
    with pytest.raises(ValueError, match=r"\(32, 32\).*\(64, 64\)"):
        add_distillation_loss(student, larger, 0.5, LOSS)
    converted = StackedHourglass(stacks=1, offset=(0.2, 0.2), **NETWORK)
    with pytest.raises(ValueError, match=r"have no offset.*\(0.2, 0.2\)"):
        add_distillation_loss(student, converted, 0.5, LOSS)
