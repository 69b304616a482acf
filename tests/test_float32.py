"""The parts of training in 16 bits that compute in float32."""

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.models.trunk.precision import precision_scope, to_float32
from keras_hourglass.training.build import build_loss
from keras_hourglass.training.precision.float32 import (
    ValidateInFloat32,
    keep_stem_precise,
)
from keras_hourglass.training.recipes import get_recipe

SIZE = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}
PRECISIONS = ["mixed_bfloat16", "mixed_float16"]


def network(precision="mixed_bfloat16", **changes):
    keras.utils.set_random_seed(0)
    with precision_scope(precision):
        return kh.StackedHourglass(**{**SIZE, **changes})


@pytest.fixture(scope="module")
def people():
    return kh.load_dataset("synthetic:24")[:16]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_a_stem_rounds_is_kept_in_float32(precision):
    model, precise = network(precision), network(precision)
    keep_stem_precise(precise)
    # A response to constants that is far above that to changes, as kernels of trained
    # networks may have it, which the next norm takes away.
    mean = np.full(SIZE["stem_filters"], 1000.0, "float32")
    model.get_layer("stem_convolution").bias.assign(mean)
    norm = model.get_layer("stem_norm")
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(np.full_like(mean, 0.1))
    precise.set_weights(model.get_weights())
    exact = to_float32(model)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    expected, rounded, kept = (
        each.predict_on_batch(images) for each in (exact, model, precise)
    )
    scale = np.abs(expected).max()
    assert np.abs(kept - expected).max() < 0.1 * scale
    if keras.backend.backend() != "jax":  # which adds the bias before it rounds
        assert np.abs(rounded - expected).max() > 0.2 * scale
    policies = {layer.name: layer.compute_dtype for layer in precise.layers}
    assert policies["stem_block_3"] == policies["normalize"] == "float32"
    assert policies["stack_1"] == precision.removeprefix("mixed_")


def test_a_network_in_float32_stays_as_it_is():
    model = network("float32")
    keep_stem_precise(model)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_validation_is_that_of_the_network_in_float32(precision, people):
    model, loss = network(precision), kh.HeatmapLoss(foreground=9)
    batches = people.batches(model, 8)
    model.compile("sgd", loss)
    callback = ValidateInFloat32()
    history = model.fit(
        batches, validation_data=batches, epochs=2, callbacks=[callback], verbose=0
    )
    assert model.get_layer("stack_1").compute_dtype == precision.removeprefix("mixed_")
    exact = to_float32(model)
    exact.compile(loss=loss)
    expected = exact.evaluate(batches, verbose=0)
    validated = history.history["val_loss"][-1]
    np.testing.assert_allclose(validated, expected, rtol=2e-5)
    rounded = network(precision)
    rounded.set_weights(model.get_weights())
    rounded.compile(loss=loss)
    error = abs(rounded.evaluate(batches, verbose=0) - expected)
    assert abs(validated - expected) < error / 5


def test_a_run_in_16_bits_is_scored_as_its_network_in_float32(eager, tmp_path):
    options = {**SIZE, "batch_size": 8, "epochs": 1, "block": "residual"}
    options |= {"precision": "mixed_bfloat16", "verbose": 0}
    run = kh.train("synthetic:24", "photo", tmp_path / "run", **options)
    val = kh.load_dataset("synthetic:24").split("val")
    model = run.model
    model.compile(loss=build_loss(get_recipe("photo")))
    expected = model.evaluate(val.batches(model, len(val)), verbose=0)
    np.testing.assert_allclose(run.history["val_loss"], [expected], rtol=1e-4)
