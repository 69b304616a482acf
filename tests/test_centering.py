"""Biases that norms cancel: not trained, and set so that features have a mean of 0."""

import keras
import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.models.blocks import BLOCKS, Bottleneck
from keras_hourglass.models.flops import count_parameters
from keras_hourglass.models.trunk.layer_utils import sublayers
from keras_hourglass.training.precision import centering
from keras_hourglass.training.precision.centering import (
    CenterFeatures,
    center_features,
    freeze_cancelled_biases,
)

NETWORK = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}
IMAGES = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), "uint8")


def network(block="separable", stacks=2):
    keras.utils.set_random_seed(0)
    return StackedHourglass(stacks, block, **NETWORK)


def set_at_random(model, seed=0):
    """Gives kernels, scales and biases random values: as after some training."""
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        value = keras.ops.convert_to_numpy(weight)
        weight.assign(value + 0.2 * random.standard_normal(value.shape))


def normalize(model, images=IMAGES):
    """Sets the moving statistics of norms to those of images."""
    for layer in sublayers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(images, training=True)


@pytest.mark.parametrize("block", BLOCKS)
def test_biases_that_are_not_trained_change_no_prediction(block):
    model = network(block)
    set_at_random(model)
    count = count_parameters(model)
    before = keras.ops.convert_to_numpy(model(IMAGES, training=True))
    freeze_cancelled_biases(model)
    frozen = [weight for weight in model.weights if weight.name == "bias"]
    frozen = [weight for weight in frozen if not weight.trainable]
    assert len(frozen) >= 8 and count_parameters(model) == count
    random = np.random.default_rng(1)
    for bias in frozen:
        bias.assign(random.standard_normal(bias.shape))
    after = keras.ops.convert_to_numpy(model(IMAGES, training=True))
    np.testing.assert_allclose(after, before, atol=2e-3 * np.abs(before).max())
    heads = [model.get_layer(f"stack_{stack}_heatmaps") for stack in (1, 2)]
    assert all(head.bias.trainable for head in heads)


def test_a_network_with_frozen_layers_stays_as_it_is():
    model = network()
    set_at_random(model)
    model.get_layer("stem_block_1").trainable = False
    weights = model.get_weights()
    count = len(model.trainable_weights)
    freeze_cancelled_biases(model)
    center_features(model)
    assert len(model.trainable_weights) == count
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights()))


class PlainBlock(Bottleneck):
    """Convolutions without norms, whose biases nothing cancels."""

    def branch_layers(self):
        first = keras.layers.Conv2D(self.filters, 1, activation="relu")
        return [first, keras.layers.Conv2D(self.filters, 1)]


def test_a_network_of_other_blocks_stays_as_it_is():
    model = network(PlainBlock)
    set_at_random(model)
    weights, count = model.get_weights(), len(model.trainable_weights)
    freeze_cancelled_biases(model)
    center_features(model)
    assert len(model.trainable_weights) == count
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights()))


@pytest.mark.parametrize("filters", [16, 24], ids=["no shortcut", "shortcut"])
@pytest.mark.parametrize("block", ["residual", "separable", "separable3"])
def test_what_a_block_adds_to_normal_features_has_a_mean_of_0(block, filters):
    """With a shortcut that is its output, of features of any mean."""
    layer = BLOCKS[block](filters)
    random = np.random.default_rng(0)
    features = random.standard_normal((8, 24, 24, 16)).astype("float32")
    if filters != 16:
        features += random.uniform(-3, 3, 16).astype("float32")
    layer.build(features.shape)
    layer.branch[0].momentum = 0.0
    for weight in layer.trainable_weights:
        value = keras.ops.convert_to_numpy(weight)
        weight.assign(value + 0.3 * random.standard_normal(value.shape))

    def largest_mean():
        y = keras.ops.convert_to_numpy(layer(features, training=True))
        y = y - features if filters == 16 else y
        return np.abs(y[:, 4:-4, 4:-4].mean(axis=(0, 1, 2))).max()

    before = largest_mean()
    model = keras.Sequential([keras.Input((24, 24, 16)), layer])
    center_features(model)
    assert largest_mean() < 0.25 * before


def test_centered_features_change_no_prediction_once_norms_have_followed():
    model = network()
    set_at_random(model)
    normalize(model)
    before = keras.ops.convert_to_numpy(model(IMAGES))
    center_features(model)
    normalize(model)
    after = keras.ops.convert_to_numpy(model(IMAGES))
    np.testing.assert_allclose(after, before, atol=2e-3 * np.abs(before).max())
    block = next(x for x in sublayers(model) if isinstance(x, Bottleneck))
    assert np.any(keras.ops.convert_to_numpy(block.branch[-1].bias))


@pytest.mark.parametrize("block", BLOCKS)
def test_to_center_features_twice_is_to_do_so_once(block):
    """To the bit: a run that goes on repeats it where the checkpoint is of after."""
    model = network(block)
    set_at_random(model)
    normalize(model)
    center_features(model)
    weights = model.get_weights()
    center_features(model)
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights()))


def test_in_short_epochs_features_are_centered_at_the_start_of_some(monkeypatch):
    centered = []
    monkeypatch.setattr(centering, "center_features", lambda model: centered.append(1))
    monkeypatch.setattr(centering, "sync_jax_state", lambda model: None)
    for steps, expected in [(150, [3, 6, 8]), (7, []), (90, [5, 9])]:
        callback, epochs = CenterFeatures(steps), []
        for epoch in range(10):
            callback.on_epoch_begin(epoch)
            for batch in range(steps):
                callback.on_train_batch_begin(batch)
            epochs += [epoch] * len(centered)
            centered.clear()
        assert epochs == expected


def test_features_are_centered_at_intervals_and_not_before_a_validation(monkeypatch):
    centered = []
    monkeypatch.setattr(centering, "center_features", lambda model: centered.append(1))
    monkeypatch.setattr(centering, "sync_jax_state", lambda model: None)
    callback = CenterFeatures(steps=1250, first_step=700)
    steps = []
    for epoch, first in enumerate((700, 0)):
        callback.on_epoch_begin(epoch)
        for batch in range(1250 - first):
            callback.on_train_batch_begin(batch)
            steps += [first + batch] * len(centered)
            centered.clear()
    assert steps == [800, 0, 400, 800]
