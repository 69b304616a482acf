"""Muon: the steps of kernels, by hand, and those of all other weights."""

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.training.optimizers.muon import Muon

RANDOM = np.random.default_rng(0)


def stepped(optimizer, shape, path="block/kernel", steps=1):
    """The change of a variable of ones by gradients at random."""
    layer, *_ = path.split("/")
    with keras.name_scope(layer):
        variable = keras.Variable(np.ones(shape, "float32"), name="kernel")
    assert variable.path == path
    optimizer.build([variable])
    gradients = np.random.default_rng(1).normal(size=(steps, *shape))
    for gradient in gradients.astype("float32"):
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return keras.ops.convert_to_numpy(variable) - 1


@pytest.mark.parametrize("shape", [(1, 1, 32, 16), (1, 1, 8, 64), (3, 3, 8, 16)])
def test_a_kernels_step_has_singular_values_alike_and_the_size_of_adamws(shape):
    step = stepped(Muon(0.01, weight_decay=0.0), shape).reshape(-1, shape[-1])
    scale = 0.01 * 0.2 * max(step.shape) ** 0.5
    values = np.linalg.svd(step / scale, compute_uv=False)
    assert 0.6 < values.min() and values.max() < 1.3  # five iterations come that near
    # An orthogonal matrix has elements of that size: 0.2 of the learning rate.
    assert np.sqrt((step**2).mean()) == pytest.approx(0.01 * 0.2, rel=0.3)


@pytest.mark.parametrize(
    "shape, path",
    [
        ((3, 3, 32, 1), "depthwise/kernel"),
        ((7, 7, 3, 16), "stem_convolution/kernel"),
        ((16,), "norm/kernel"),
        ((1, 1, 32, 16), "stack_1_heatmaps/kernel"),
        ((1, 1, 16, 32), "stack_1_heatmaps_back/kernel"),
    ],
)
def test_other_weights_are_updated_by_adamw(shape, path):
    options = {"learning_rate": 0.01, "weight_decay": 0.1}
    a = stepped(Muon(**options), shape, path, steps=3)
    b = stepped(keras.optimizers.AdamW(**options), shape, path, steps=3)
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_weights_of_both_kinds_decay():
    for shape in ((1, 1, 16, 16), (16,)):
        still = stepped(Muon(0.01, weight_decay=0.0), shape)
        decayed = stepped(Muon(0.01, weight_decay=0.5), shape)
        np.testing.assert_allclose(decayed, still - 0.5 * 0.01, atol=1e-6)


def test_a_network_trains_by_it_and_its_file_says_so(tmp_path, eager):
    model = StackedHourglass(1, filters=16, stem_filters=8, depth=1, image_size=32)
    model.compile(Muon(0.01, weight_decay=0.1), HeatmapLoss())
    matrices = [x.path for x in model.trainable_weights if model.optimizer.is_matrix(x)]
    assert "stack_1_convolution/kernel" in matrices
    assert any("stack_1/" in path for path in matrices)
    assert not any("heatmaps" in path or "stem_conv" in path for path in matrices)
    images = RANDOM.integers(0, 256, (4, 32, 32, 3), dtype="uint8")
    labels = RANDOM.uniform(1, 7, (4, 16, 4)).astype("float32")
    losses = model.fit(images, labels, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert type(again) is Muon and again.get_config() == model.optimizer.get_config()
    assert again.adam_weight_decay == again.weight_decay == 0.1
