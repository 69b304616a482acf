"""Optimizer over one vector: the same weights, from far fewer operations."""

import keras
import numpy as np
import pytest
from keras import optimizers

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.training.optimizers.flat_optimizer import (
    FlatOptimizer,
    moving_averages,
)
from keras_hourglass.training.optimizers.muon import Muon
from keras_hourglass.training.precision.centering import freeze_cancelled_biases
from keras_hourglass.training.runs import checkpoint

ROUNDING = 1e-5  # longer vectors are computed in an order of their own
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(12, 3)).astype("float32")
Y = RANDOM.normal(size=(12, 2)).astype("float32")


def small(optimizer):
    """A network that is compiled; one layer's weights are bound, one's do not learn."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    first = layers.Dense(4, "tanh", kernel_constraint=keras.constraints.MaxNorm(0.5))
    frozen = layers.Dense(4, trainable=False)
    model = keras.Sequential([first, layers.BatchNormalization(), frozen])
    model.add(layers.Dense(2))
    model.build((None, 3))
    model.compile(optimizer, "mse")
    return model


def fitted(optimizer, *callbacks, **options):
    model = small(optimizer)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0} | options
    model.fit(X, Y, epochs=2, callbacks=[*callbacks], **options)
    return model


def falling():
    return optimizers.schedules.CosineDecay(0.1, decay_steps=6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.AdamW(falling(), use_ema=True, ema_momentum=0.6),
        lambda: optimizers.RMSprop(0.01, rho=0.99, epsilon=1e-16),
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.Adam(0.1, loss_scale_factor=8.0),
    ],
    ids=["adamw", "rmsprop", "sgd", "scaled"],
)
def test_weights_are_those_of_the_optimizer_alone(make):
    plain, flat = fitted(make()), fitted(FlatOptimizer(make()))
    begun = small("sgd").get_weights()
    assert any(np.any(a != b) for a, b in zip(flat.get_weights(), begun))
    for a, b in zip(plain.get_weights(), flat.get_weights()):
        np.testing.assert_allclose(a, b, atol=ROUNDING)


def test_kernels_of_a_network_are_those_of_muon_alone():
    def trained(optimizer):
        keras.utils.set_random_seed(0)
        model = StackedHourglass(
            1, "separable", filters=16, stem_filters=8, depth=1, image_size=32
        )
        freeze_cancelled_biases(model)  # they have rounding for gradients
        model.compile(optimizer, HeatmapLoss())
        model.fit(images, labels, batch_size=2, shuffle=False, verbose=0)
        return model

    images = RANDOM.integers(0, 256, (6, 32, 32, 3), dtype="uint8")
    labels = RANDOM.uniform(1, 7, (6, 16, 4)).astype("float32")
    options = {"use_ema": True, "ema_momentum": 0.6, "global_clipnorm": 0.5}
    plain, flat = (
        trained(wrap(Muon(falling(), **options)))
        for wrap in (lambda x: x, FlatOptimizer)
    )
    stacks = [shape for shape in flat.optimizer.groups if shape]
    assert (1, 1, 16, 8) in stacks and (1, 1, 8, 16) in stacks
    assert all(len(flat.optimizer.groups[shape]) > 1 for shape in stacks[:2])
    names = [weight.path for weight in plain.weights]
    for name, a, b in zip(names, plain.get_weights(), flat.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-4, err_msg=name)
    averages = moving_averages(flat.optimizer.optimizer)
    averages = flat.optimizer.unflatten(averages), moving_averages(plain.optimizer)
    for weight, *pair in zip(plain.trainable_weights, *averages, strict=True):
        a, b = map(keras.ops.convert_to_numpy, pair)
        assert a.shape == b.shape == weight.shape
        np.testing.assert_allclose(a, b, atol=1e-4, err_msg=weight.path)


class Recorder(keras.callbacks.Callback):
    """Records the weights of validation, those after it, and those to save."""

    def __init__(self, ema):
        super().__init__()
        self.ema, self.weights = ema, []

    def on_test_begin(self, logs=None):
        self.weights.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.weights.append(self.ema.network().get_weights())


def test_validation_uses_the_average_and_training_goes_on_without():
    def recorded(optimizer):
        recorder = Recorder(EMAWeights())
        fitted(optimizer, recorder.ema, recorder, validation_data=(X, Y))
        return recorder.weights

    adam = {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5}
    ones = recorded(FlatOptimizer(optimizers.Adam(**adam)))
    others = recorded(optimizers.Adam(**adam))
    during, after, copied = ones[:3]
    assert any(np.any(a != b) for a, b in zip(during, after))
    for some, same in zip(ones, others, strict=True):
        for a, b in zip(some, same, strict=True):
            np.testing.assert_allclose(a, b, atol=ROUNDING)
    for a, b in zip(during, copied):
        np.testing.assert_array_equal(a, b)


def test_a_file_goes_on_where_it_was(tmp_path):
    model = fitted(FlatOptimizer(optimizers.AdamW(falling(), use_ema=True)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, FlatOptimizer)
    assert int(loaded.optimizer.iterations) == 6
    assert float(loaded.optimizer.learning_rate) < 1e-8
    again = small(FlatOptimizer(optimizers.AdamW(falling(), use_ema=True)))
    again.optimizer.build(again.trainable_variables)
    again.load_weights(tmp_path / "model.keras")
    for other in (loaded, again):
        states = (map(np.asarray, m.optimizer.variables) for m in (model, other))
        for a, b in zip(*states, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_state_saved_weight_by_weight_is_refused(tmp_path):
    fitted(optimizers.AdamW(falling())).save(tmp_path / "model.keras")
    model = small(FlatOptimizer(optimizers.AdamW(falling())))
    with pytest.raises(ValueError, match="weight by weight"):
        model.load_weights(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="is not a checkpoint of this run"):
        checkpoint.restore_checkpoint(tmp_path / "model.keras", model)


def test_the_learning_rate_can_be_set():
    optimizer = FlatOptimizer(optimizers.SGD(0.5))
    optimizer.learning_rate = 0.25
    assert float(optimizer.optimizer.learning_rate) == 0.25


def test_unflatten_undoes_flatten():
    model = small(FlatOptimizer(optimizers.SGD(0.1)))
    optimizer, weights = model.optimizer, model.trainable_variables
    optimizer.build(weights)
    parts = optimizer.unflatten(optimizer.flatten(weights))
    for weight, part in zip(weights, parts, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (weight, part)))


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="is flat there")
def test_a_state_saved_as_one_vector_is_refused_by_other_backends(tmp_path):
    fitted(FlatOptimizer(optimizers.AdamW(falling()))).save(tmp_path / "model.keras")
    model = small(optimizers.AdamW(falling()))
    model.optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="is not a checkpoint of this run"):
        checkpoint.restore_checkpoint(tmp_path / "model.keras", model)
