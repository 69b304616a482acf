"""Batch norms by one operation of TensorFlow learn what Keras's own do."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.layers import BatchNormalization, Input

from keras_hourglass import HeatmapLoss, StackedHourglass, norms
from keras_hourglass.layers.inside import sublayers

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others have no such operation"
)
FEATURES = np.random.default_rng(0).normal(3, 2, (4, 6, 5, 8)).astype("float32")


def of(layer, shape=FEATURES.shape[1:]):
    return keras.Sequential([Input(shape), layer])


def quickened(layer, shape=FEATURES.shape[1:]):
    model = of(layer, shape)
    plain = layer.call
    norms.quicken(model)
    return model, layer.call is not plain and layer.call != plain


@pytest.fixture
def operations(monkeypatch):
    """A list that grows with each operation that is put into a graph."""
    import tensorflow as tf

    made, operation = [], tf.raw_ops.FusedBatchNormV3

    def noted(**arguments):
        made.append(arguments)
        return operation(**arguments)

    monkeypatch.setattr(tf.raw_ops, "FusedBatchNormV3", noted)
    return made


@pytest.mark.parametrize(
    "precision, error",
    [("float32", 2e-5), ("mixed_bfloat16", 3e-2), ("mixed_float16", 3e-3)],
)
def test_what_comes_out_and_what_is_learnt_is_the_same(precision, error):
    import tensorflow as tf

    def learnt(quick):
        keras.utils.set_random_seed(1)
        layer = BatchNormalization(
            epsilon=1e-5,
            momentum=0.9,
            beta_initializer="random_normal",
            gamma_initializer="random_normal",
            dtype=precision,
        )
        model = of(layer)
        if quick:
            norms.quicken(model)
        x = tf.constant(FEATURES)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=True)
            loss = tf.reduce_sum(tf.sin(tf.cast(y, "float32") * 3))
        sources = [x, layer.gamma.value, layer.beta.value]
        assert y.dtype == layer.compute_dtype
        return [y, *tape.gradient(loss, sources), *model.get_weights()]

    for quick, plain in zip(learnt(True), learnt(False)):
        quick, plain = (np.asarray(ops.cast(it, "float32")) for it in (quick, plain))
        np.testing.assert_allclose(quick, plain, atol=error * (1 + np.abs(plain).max()))


def test_the_moving_variance_is_of_the_features_themselves():
    layer = BatchNormalization(momentum=0.9)
    model, _ = quickened(layer, (1, 2, 1))
    model(np.array([0, 4], "float32").reshape(1, 1, 2, 1), training=True)
    assert float(layer.moving_mean[0]) == pytest.approx(0.2)
    # 0.9 * 1 + 0.1 * 4; as an estimate, of one less, the variance would be 8.
    assert float(layer.moving_variance[0]) == pytest.approx(1.3)


@pytest.mark.parametrize("trainable, training", [(False, True), (True, False)])
def test_norms_that_do_not_learn_use_what_they_have(trainable, training):
    layer = BatchNormalization(epsilon=1e-5)
    model, done = quickened(layer)
    layer.trainable = trainable
    before = model.get_weights()
    y = np.asarray(model(FEATURES, training=training))
    assert done
    np.testing.assert_allclose(y, FEATURES / np.sqrt(1 + 1e-5), rtol=1e-6)
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)


def test_a_mask_is_heeded():
    layer = BatchNormalization(momentum=0)
    quickened(layer)
    mask = np.ones(FEATURES.shape[:3], bool)
    mask[1:] = False
    layer(FEATURES, training=True, mask=mask)
    mean = FEATURES[0].mean((0, 1))
    np.testing.assert_allclose(np.asarray(layer.moving_mean), mean, rtol=1e-5)


class Own(BatchNormalization):
    """Computes something else, for all that is known."""


@pytest.mark.parametrize(
    "layer",
    [
        BatchNormalization(axis=1),
        BatchNormalization(scale=False),
        BatchNormalization(center=False),
        BatchNormalization(renorm=True),
        BatchNormalization(synchronized=True),
        BatchNormalization(dtype="float64"),
        Own(),
    ],
    ids=["axis", "scale", "center", "renorm", "synchronized", "float64", "own"],
)
def test_what_the_operation_cannot_do_stays_with_keras(layer):
    assert not quickened(layer)[1]


def test_features_of_no_picture_stay_with_keras():
    assert not quickened(BatchNormalization(), (7,))[1]


def network():
    keras.utils.set_random_seed(2)
    sizes = {"stacks": 2, "filters": 8, "stem_filters": 4, "depth": 2}
    model = StackedHourglass(**sizes, block="separable", image_size=32)
    model.compile(keras.optimizers.SGD(1e-3), HeatmapLoss())
    return model


def test_every_norm_of_a_network_learns_by_it_and_the_same(operations, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    labels = np.ones((4, 16, 4), "float32")

    def fitted():
        model = network()
        losses = model.fit(images, labels, 2, 3, verbose=0).history["loss"]
        return model, losses, model.get_weights()

    model, losses, weights = fitted()
    count = sum(isinstance(layer, BatchNormalization) for layer in sublayers(model))
    assert len(operations) == count > 20
    model.compile(keras.optimizers.SGD(1e-3), HeatmapLoss())
    model.train_on_batch(images, labels)  # made ready again, not twice over
    assert len(operations) == 2 * count

    monkeypatch.setattr(norms, "quicken", lambda model: None)
    _, plainly, others = fitted()
    assert len(operations) == 2 * count
    np.testing.assert_allclose(losses, plainly, rtol=1e-4)
    for one, other in zip(weights, others):
        np.testing.assert_allclose(one, other, atol=1e-4)
