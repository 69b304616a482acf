"""Building a run's network: precision, initial weights and frozen layers."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.training import build
from keras_hourglass.training.config import PRECISIONS, TrainConfig
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.runs import checkpoint
from keras_hourglass.training.runs.checkpoint import BestCheckpoint, TrainState

NETWORK = {"stacks": 1, "filters": 16, "stem_filters": 4, "depth": 1, "image_size": 32}
RECIPE = Recipe(
    epochs=10, batch_size=4, learning_rate=0.01, ema_span=0.5, network=NETWORK
)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (4, 32, 32, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (4, 16, 2)), np.ones((4, 16, 1)), np.full((4, 16, 1), 2)], -1
).astype("float32")


def built(optimizer="adam", **changes):
    config = TrainConfig(replace(RECIPE, optimizer=optimizer), **changes)
    model = build.build_model(config)
    build.compile_model(model, config, steps=10)
    return model


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_steps_lower_the_loss_and_the_best_network_is_float32(
    optimizer, precision, eager, tmp_path
):
    model = built(optimizer, precision=precision)
    computed = model.get_layer("stack_1_convolution").compute_dtype
    assert computed == precision.removeprefix("mixed_")
    assert model.get_layer("stem_convolution").compute_dtype == "float32"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    assert model.compute_output_shape((1, 32, 32, 3))[-1] == 16
    assert model(IMAGES).dtype == "float32" or "float32" in str(model(IMAGES).dtype)
    losses = [model.train_on_batch(IMAGES, LABELS)[0] for _ in range(4)]
    assert losses[-1] < losses[0] and np.isfinite(losses).all()

    ema = EMAWeights()
    ema.set_model(model)
    before = model.get_weights()
    averages = ema.network().get_weights()  # also where Keras scales the loss
    assert any(np.any(a != b) for a, b in zip(before, averages))
    callback = BestCheckpoint(tmp_path / "best.keras", ema)
    callback.set_model(model)
    callback.on_epoch_end(0, {"val_pckh": 1.0})
    best = keras.models.load_model(tmp_path / "best.keras")
    assert type(best) is StackedHourglass
    assert best.get_layer("stem_convolution").compute_dtype == "float32"
    for a, b in zip(best.get_weights(), averages):
        np.testing.assert_array_equal(a, b)

    checkpoint.save_checkpoint(tmp_path / "last.keras", model, TrainState(1))
    again = built(optimizer, precision=precision)
    again.load_weights(tmp_path / "last.keras")
    states = (map(np.asarray, m.optimizer.variables) for m in (model, again))
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)


def test_small_gradients_do_not_underflow_in_float16(eager):
    """Of a loss of a millionth, whose gradients without scaling mostly are 0."""
    labels = LABELS * np.array([1, 1, 1e-6, 1], "float32")

    def moved(scaled):
        config = TrainConfig(RECIPE, precision="mixed_float16")
        model = build.build_model(config)
        model.compile("adam", build.build_loss(RECIPE), auto_scale_loss=scaled)
        before = model.get_weights()
        model.train_on_batch(IMAGES, labels)
        pairs = zip(before, model.get_weights())
        return sum(np.count_nonzero(a != b) for a, b in pairs)

    assert moved(scaled=True) > 1.5 * moved(scaled=False)


def test_initial_weights_are_loaded_and_frozen_layers_keep_them(
    eager, tmp_path, caplog
):
    caplog.set_level("INFO", logger="keras_hourglass")
    source = built(seed=5)
    source.save(tmp_path / "source.keras")
    path = str(tmp_path / "source.keras")
    model = built(init_weights=path, freeze=("stem",))
    loaded, frozen = caplog.messages
    assert loaded.startswith(f"Initial weights from {path}:") and "frozen" in frozen
    for a, b in zip(source.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    model.train_on_batch(IMAGES, LABELS)

    def same(name):
        pair = (m.get_layer(name).get_weights() for m in (source, model))
        return all(np.array_equal(a, b) for a, b in zip(*pair))

    assert same("stem_block_1") and same("stem_norm")  # its statistics, too
    assert not same("stack_1_convolution")
