"""Batch norms by one operation of the backend learn what Keras's own do."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.layers import BatchNormalization, DepthwiseConv2D, Input

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.models.blocks import batch_norm
from keras_hourglass.models.layer_utils import sublayers

pytestmark = pytest.mark.skipif(
    keras.backend.backend() not in batch_norm.FUSED_OPERATIONS,
    reason="there is no such operation",
)
FEATURES = np.random.default_rng(0).normal(3, 2, (4, 6, 5, 8)).astype("float32")


def of(layer, shape=FEATURES.shape[1:]):
    return keras.Sequential([Input(shape), layer])


def quickened(layer, shape=FEATURES.shape[1:]):
    model = of(layer, shape)
    batch_norm.use_fused_training(model)
    return model


@pytest.fixture
def operations(monkeypatch):
    """A list that grows with each call of the operation."""
    made, backend = [], keras.backend.backend()
    operation = batch_norm.FUSED_OPERATIONS[backend]

    def noted(*arguments):
        made.append(arguments)
        return operation(*arguments)

    monkeypatch.setitem(batch_norm.FUSED_OPERATIONS, backend, noted)
    return made


@pytest.mark.parametrize(
    "precision, error",
    [("float32", 2e-5), ("mixed_bfloat16", 3e-2), ("mixed_float16", 3e-3)],
)
def test_what_comes_out_and_what_is_learnt_is_the_same(precision, error, operations):
    def learnt(quick):
        keras.utils.set_random_seed(1)
        layer = BatchNormalization(
            epsilon=1e-5,
            momentum=0.9,
            beta_initializer="random_normal",
            gamma_initializer="random_normal",
            dtype=precision,
        )
        # What is before it learns from its gradient.
        first = DepthwiseConv2D(1, use_bias=False, depthwise_initializer="ones")
        model = keras.Sequential([Input(FEATURES.shape[1:]), first, layer])
        model.compile(keras.optimizers.SGD(0.1), lambda true, y: ops.sin(3 * y) * true)
        if quick:
            batch_norm.use_fused_training(model)
        model.train_on_batch(FEATURES, np.cos(FEATURES))
        moved = [layer.moving_mean, layer.moving_variance]
        values = [model(FEATURES, training=True), *model.trainable_variables, *moved]
        return [ops.convert_to_numpy(ops.cast(each, "float32")) for each in values]

    plain, (*quick, mean, variance) = learnt(False), learnt(True)
    assert operations
    for one, other in zip(quick, plain):
        np.testing.assert_allclose(one, other, atol=error * (1 + np.abs(other).max()))
    # Averages are of 32 bits in all of them.
    bits = error / 10 if precision == "mixed_bfloat16" else 1e-3
    np.testing.assert_allclose(mean, plain[-2], rtol=bits)
    np.testing.assert_allclose(variance, plain[-1], rtol=bits)


@pytest.mark.parametrize("precision, bit", [("float16", 2**-10), ("bfloat16", 2**-7)])
def test_averages_kept_in_16_bits_come_to_rest_where_keras_has_them(precision, bit):
    layers = [BatchNormalization(momentum=0.9, dtype=precision) for _ in range(2)]
    models = quickened(layers[0]), of(layers[1])
    for _ in range(60):
        for model in models:
            model(FEATURES, training=True)
    quick, plain = (
        ops.convert_to_numpy(ops.cast(layer.moving_mean, "float32")) for layer in layers
    )
    np.testing.assert_allclose(quick, plain, rtol=bit)


def test_the_moving_variance_is_of_the_features_themselves():
    layer = BatchNormalization(momentum=0.9)
    model = quickened(layer, (1, 2, 1))
    model(np.array([0, 4], "float32").reshape(1, 1, 2, 1), training=True)
    assert float(layer.moving_mean[0]) == pytest.approx(0.2)
    # 0.9 * 1 + 0.1 * 4; as an estimate, of one less, the variance would be 8.
    assert float(layer.moving_variance[0]) == pytest.approx(1.3)


def test_one_value_a_channel_has_no_variance():
    layer = BatchNormalization(momentum=0.9)
    quickened(layer, (1, 1, 2))(np.full((1, 1, 1, 2), 5, "float32"), training=True)
    found = ops.convert_to_numpy(layer.moving_variance)
    np.testing.assert_allclose(found, 0.9, atol=1e-6)


@pytest.mark.parametrize("trainable, training", [(False, True), (True, False)])
def test_norms_that_do_not_learn_use_what_they_have(trainable, training, operations):
    layer = BatchNormalization(epsilon=1e-5)
    model = quickened(layer)
    layer.trainable = trainable
    before = model.get_weights()
    y = ops.convert_to_numpy(model(FEATURES, training=training))
    assert not operations
    np.testing.assert_allclose(y, FEATURES / np.sqrt(1 + 1e-5), rtol=1e-6)
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)


def test_a_mask_is_heeded(operations):
    layer = BatchNormalization(momentum=0)
    quickened(layer)
    mask = np.ones(FEATURES.shape[:3], bool)
    mask[1:] = False
    layer(FEATURES, training=True, mask=mask)
    mean = FEATURES[0].mean((0, 1))
    found = ops.convert_to_numpy(layer.moving_mean)
    np.testing.assert_allclose(found, mean, rtol=1e-5)
    assert not operations


class Own(BatchNormalization):
    """Computes something else, for all that is known."""


@pytest.mark.parametrize(
    "layer",
    [
        BatchNormalization(axis=1),
        BatchNormalization(scale=False),
        BatchNormalization(center=False),
        BatchNormalization(renorm=True),
        BatchNormalization(dtype="float64"),
        Own(),
    ],
    ids=["axis", "scale", "center", "renorm", "float64", "own"],
)
def test_what_the_operation_cannot_do_stays_with_keras(layer, operations):
    assert quickened(layer)(FEATURES, training=True).shape == FEATURES.shape
    assert not operations


def test_so_do_features_of_no_picture_and_moments_of_several_devices(operations):
    quickened(BatchNormalization(), (7,))(np.ones((4, 7)), training=True)
    layer = BatchNormalization()
    quickened(layer)
    layer.synchronized = True  # as where devices train together
    assert not batch_norm.can_be_fused(layer)
    assert not operations


def network():
    keras.utils.set_random_seed(2)
    sizes = {"stacks": 2, "filters": 8, "stem_filters": 4, "depth": 2}
    model = StackedHourglass(**sizes, block="separable", image_size=32)
    model.compile(keras.optimizers.SGD(1e-3), HeatmapLoss())
    return model


def test_every_norm_of_a_network_learns_by_it_and_the_same(
    operations, monkeypatch, tmp_path
):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    labels = np.ones((4, 16, 4), "float32")

    def fitted():
        model = network()
        losses = model.fit(images, labels, 2, 3, verbose=0).history["loss"]
        return model, losses, model.get_weights()

    model, losses, weights = fitted()
    count = sum(isinstance(layer, BatchNormalization) for layer in sublayers(model))
    # TensorFlow traces a step once, PyTorch takes all six of them.
    calls = count * (1 if keras.backend.backend() == "tensorflow" else 6)
    assert len(operations) == calls > 20
    model.compile(keras.optimizers.SGD(1e-3), HeatmapLoss())
    model.train_on_batch(images, labels)  # made ready again, not twice over
    assert len(operations) == calls + count

    # Saved and loaded, it is Keras's own until it learns.
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    norm = next(
        layer for layer in sublayers(loaded) if isinstance(layer, BatchNormalization)
    )
    assert "call" not in vars(norm)
    found, kept = (it.predict_on_batch(images) for it in (loaded, model))
    np.testing.assert_allclose(found, kept, atol=1e-5)

    monkeypatch.setattr(batch_norm, "use_fused_training", lambda model: None)
    _, plainly, others = fitted()
    assert len(operations) == calls + count
    np.testing.assert_allclose(losses, plainly, rtol=1e-4)
    for one, other in zip(weights, others):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_what_a_compiler_joins_is_left_to_it(monkeypatch):
    asked = []
    monkeypatch.setattr(batch_norm, "use_fused_training", asked.append)
    model = network()
    model.compile(jit_compile=True)
    model.make_train_function()
    assert not asked
    model.compile(jit_compile=False)
    model.make_train_function()
    assert asked == [model]
