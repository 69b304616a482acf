"""Batch norms by one operation of the backend learn the same as Keras's own."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.layers import DepthwiseConv2D, Input

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.models.blocks import batch_norm
from keras_hourglass.models.blocks.batch_norm import BatchNormalization
from keras_hourglass.models.trunk.layer_utils import sublayers

BACKEND = keras.backend.backend()
fused_only = pytest.mark.skipif(
    BACKEND not in batch_norm.FUSED_OPERATIONS, reason="the backend has no operation"
)
FEATURES = np.random.default_rng(0).normal(3, 2, (4, 6, 5, 8)).astype("float32")


def sequential(layer, shape=FEATURES.shape[1:]):
    return keras.Sequential([Input(shape), layer])


@pytest.fixture
def operations(monkeypatch):
    """A list that grows with each call of the operation."""
    calls = []
    operation = batch_norm.FUSED_OPERATIONS[BACKEND]

    def recorded(*arguments):
        calls.append(arguments)
        return operation(*arguments)

    monkeypatch.setitem(batch_norm.FUSED_OPERATIONS, BACKEND, recorded)
    return calls


@fused_only
@pytest.mark.parametrize(
    "precision, error",
    [("float32", 2e-5), ("mixed_bfloat16", 3e-2), ("mixed_float16", 3e-3)],
)
def test_outputs_and_learned_weights_are_those_of_keras(precision, error, operations):
    def learn(norm):
        keras.utils.set_random_seed(1)
        layer = norm(
            epsilon=1e-5,
            momentum=0.9,
            beta_initializer="random_normal",
            gamma_initializer="random_normal",
            dtype=precision,
        )
        # The layer before learns from the gradient of the norm.
        first = DepthwiseConv2D(1, use_bias=False, depthwise_initializer="ones")
        model = keras.Sequential([Input(FEATURES.shape[1:]), first, layer])
        model.compile(keras.optimizers.SGD(0.1), lambda true, y: ops.sin(3 * y) * true)
        model.train_on_batch(FEATURES, np.cos(FEATURES))
        averages = [layer.moving_mean, layer.moving_variance]
        values = [model(FEATURES, training=True), *model.trainable_variables, *averages]
        return [ops.convert_to_numpy(ops.cast(each, "float32")) for each in values]

    plain = learn(keras.layers.BatchNormalization)
    assert not operations
    *fused, mean, variance = learn(BatchNormalization)
    assert operations
    for one, other in zip(fused, plain):
        np.testing.assert_allclose(one, other, atol=error * (1 + np.abs(other).max()))
    # Averages have 32 bits in all of them.
    bits = error / 10 if precision == "mixed_bfloat16" else 1e-3
    np.testing.assert_allclose(mean, plain[-2], rtol=bits)
    np.testing.assert_allclose(variance, plain[-1], rtol=bits)


@fused_only
def test_bfloat16_gives_the_same_in_whole_vectors_of_channels_and_in_parts():
    """oneDNN's 16 channels, and half of them, which are computed in 32 bits."""
    operation = batch_norm.FUSED_OPERATIONS[BACKEND]

    def normalize(features):
        x = ops.cast(ops.convert_to_tensor(features), "bfloat16")
        scale = ops.ones(features.shape[-1:])
        outputs = operation(x, 2 * scale, -scale, 1e-5)
        assert keras.backend.standardize_dtype(outputs[0].dtype) == "bfloat16"
        return [ops.convert_to_numpy(ops.cast(it, "float32")) for it in outputs]

    whole = normalize(np.concatenate([FEATURES, FEATURES], axis=-1))
    for one, other in zip(normalize(FEATURES), whole):
        np.testing.assert_allclose(one, other[..., :8], rtol=2**-7, atol=2**-7)


@fused_only
@pytest.mark.parametrize("precision, bit", [("float16", 2**-10), ("bfloat16", 2**-7)])
def test_averages_in_16_bits_come_to_rest_where_those_of_keras_do(precision, bit):
    layers = [
        norm(momentum=0.9, dtype=precision)
        for norm in (BatchNormalization, keras.layers.BatchNormalization)
    ]
    models = [sequential(layer) for layer in layers]
    for _ in range(60):
        for model in models:
            model(FEATURES, training=True)
    fused, plain = (
        ops.convert_to_numpy(ops.cast(layer.moving_mean, "float32")) for layer in layers
    )
    np.testing.assert_allclose(fused, plain, rtol=bit)


def test_the_moving_variance_is_of_the_features_themselves():
    layer = BatchNormalization(momentum=0.9)
    model = sequential(layer, (1, 2, 1))
    model(np.array([0, 4], "float32").reshape(1, 1, 2, 1), training=True)
    assert float(layer.moving_mean[0]) == pytest.approx(0.2)
    # 0.9 * 1 + 0.1 * 4; as an estimate, of one less, the variance would be 8.
    assert float(layer.moving_variance[0]) == pytest.approx(1.3)


def test_one_value_a_channel_has_no_variance():
    layer = BatchNormalization(momentum=0.9)
    sequential(layer, (1, 1, 2))(np.full((1, 1, 1, 2), 5, "float32"), training=True)
    variance = ops.convert_to_numpy(layer.moving_variance)
    np.testing.assert_allclose(variance, 0.9, atol=1e-6)


@fused_only
@pytest.mark.parametrize("trainable, training", [(False, True), (True, False)])
def test_norms_that_do_not_learn_use_their_averages(trainable, training, operations):
    layer = BatchNormalization(epsilon=1e-5)
    model = sequential(layer)
    layer.trainable = trainable
    before = model.get_weights()
    y = ops.convert_to_numpy(model(FEATURES, training=training))
    assert not operations
    np.testing.assert_allclose(y, FEATURES / np.sqrt(1 + 1e-5), rtol=1e-6)
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)


@fused_only
def test_a_mask_is_heeded(operations):
    layer = BatchNormalization(momentum=0)
    sequential(layer)
    mask = np.ones(FEATURES.shape[:3], bool)
    mask[1:] = False
    layer(FEATURES, training=True, mask=mask)
    mean = FEATURES[0].mean((0, 1))
    moving_mean = ops.convert_to_numpy(layer.moving_mean)
    np.testing.assert_allclose(moving_mean, mean, rtol=1e-5)
    assert not operations


@fused_only
@pytest.mark.parametrize(
    "arguments",
    [
        {"axis": 1},
        {"scale": False},
        {"center": False},
        {"renorm": True},
        {"dtype": "float64"},
    ],
    ids=["axis", "scale", "center", "renorm", "float64"],
)
def test_norms_that_the_operation_cannot_compute_are_left_to_keras(
    arguments, operations
):
    layer = BatchNormalization(**arguments)
    assert sequential(layer)(FEATURES, training=True).shape == FEATURES.shape
    assert not operations


@fused_only
def test_so_are_vectors_and_moments_of_several_devices(operations):
    sequential(BatchNormalization(), (7,))(np.ones((4, 7)), training=True)
    layer = BatchNormalization()
    sequential(layer)
    assert layer.can_be_fused()
    layer.synchronized = True  # as where devices train together
    assert not layer.can_be_fused()
    assert not operations


def make_network():
    keras.utils.set_random_seed(2)
    sizes = {"stacks": 2, "filters": 8, "stem_filters": 4, "depth": 2}
    model = StackedHourglass(**sizes, block="separable", image_size=32)
    model.compile(keras.optimizers.SGD(1e-3), HeatmapLoss())
    return model


def norms_of(model):
    norms = [
        layer
        for layer in sublayers(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {*map(type, norms)} == {BatchNormalization}
    return norms


@fused_only
def test_every_norm_of_a_network_uses_the_operation_and_learns_the_same(
    operations, monkeypatch, tmp_path
):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    labels = np.ones((4, 16, 4), "float32")

    def fit():
        model = make_network()
        losses = model.fit(images, labels, 2, 3, verbose=0).history["loss"]
        return model, losses, model.get_weights()

    model, losses, weights = fit()
    count = len(norms_of(model))
    # TensorFlow traces a step once, PyTorch runs all six of them.
    calls = count * (1 if BACKEND == "tensorflow" else 6)
    assert len(operations) == calls > 20

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(norms_of(loaded)) == count
    heatmaps, expected = (it.predict_on_batch(images) for it in (loaded, model))
    np.testing.assert_allclose(heatmaps, expected, atol=1e-5)
    assert len(operations) == calls

    monkeypatch.setattr(BatchNormalization, "can_be_fused", lambda self: False)
    _, others, plain = fit()
    assert len(operations) == calls
    np.testing.assert_allclose(losses, others, rtol=1e-4)
    for one, other in zip(weights, plain):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_norm_keeps_the_names_and_the_configuration_of_keras():
    """Files of version 0.1 hold Keras's own norms, and address them by these names."""
    ours = BatchNormalization(epsilon=1e-5, momentum=0.9, name="norm")
    keras_own = keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name="norm")
    for layer in (ours, keras_own):
        layer.build(FEATURES.shape)
    assert isinstance(ours, keras.layers.BatchNormalization)
    assert type(ours).__name__ == type(keras_own).__name__
    assert ours.get_config() == keras_own.get_config()
    assert [w.path for w in ours.weights] == [w.path for w in keras_own.weights]
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(ours)
    )
    assert type(again) is BatchNormalization


@fused_only
@pytest.mark.parametrize("steps", [1, 2])
def test_steps_that_a_compiler_fuses_are_left_to_it(steps, operations):
    if BACKEND == "torch":
        if steps > 1:
            pytest.skip("PyTorch takes one step at a time")
        import torch

        layer = BatchNormalization()
        sequential(layer)
        step = torch.compile(lambda x: layer(x, training=True), backend="eager")
        step(torch.from_numpy(FEATURES))
        assert not operations
        layer(FEATURES, training=True)
        assert operations
        return
    model = sequential(BatchNormalization())
    for jit in (True, False):
        model.compile("sgd", "mse", jit_compile=jit, steps_per_execution=steps)
        model.fit(FEATURES, FEATURES, batch_size=2, verbose=0)
        assert bool(operations) is not jit
