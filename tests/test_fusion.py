import keras
import numpy as np
import pytest
from keras.layers import BatchNormalization

from keras_hourglass import StackedHourglass, fuse, load_model
from keras_hourglass.models import blocks
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.blocks.bottleneck import (
    Bottleneck,
    batch_normalization,
    preactivated,
)
from keras_hourglass.models.fusion import chain, linear
from keras_hourglass.models.fusion.chain import fuse_chain
from keras_hourglass.models.trunk.hourglass import Hourglass, UpsampledSum
from keras_hourglass.models.trunk.layer_utils import sublayers

TINY = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (16, 24)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 16, 24, 3), dtype="uint8")


@keras.saving.register_keras_serializable("tests_fusion")
class CustomBlock(Bottleneck):
    """A custom block of layers that the library does not know."""

    def branch_layers(self):
        return [
            *preactivated(
                keras.layers.SeparableConv2D(self.filters, 3, padding="same")
            ),
            BatchNormalization(scale=False),
            keras.layers.Conv2D(self.filters, 1, activation="tanh"),
            BatchNormalization(center=False),
            keras.layers.LayerNormalization(),
        ]


@keras.saving.register_keras_serializable("tests_fusion")
class CustomCall(Bottleneck):
    """A custom block with a `call` of its own."""

    def branch_layers(self):
        return preactivated(keras.layers.Conv2D(self.filters, 1))

    def call(self, x):
        return keras.ops.multiply(super().call(x), 0.5)


def randomize(layer):
    """Sets random weights, also of norms and biases."""
    for weight in layer.weights:
        values = RANDOM.normal(0, 0.3, weight.shape)
        if weight.path.endswith("moving_variance"):
            values = RANDOM.uniform(0.5, 2, weight.shape)
        weight.assign(values)
    return layer


def predicted(model, images=IMAGES):
    return model.predict_on_batch(images)


def norms(model):
    return sum(isinstance(layer, BatchNormalization) for layer in sublayers(model))


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("channels", [4, 8])
def test_a_block_gives_the_same_without_norms_but_the_first(name, channels):
    """The first norm's input is also the shortcut's: it stays, as a convolution."""
    x = keras.Input((8, 12, channels))
    block = blocks.get(name)(8)
    whole = keras.Model(x, block(x))
    randomize(whole)
    fused = keras.Model(x, fuse_chain([block], x, "block"))
    features = RANDOM.normal(size=(2, 8, 12, channels)).astype("float32")
    expected = whole.predict_on_batch(features)
    assert expected.std() > 0.1
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)
    assert norms(whole) and not norms(fused)
    kept = [
        layer
        for layer in fused.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
        and layer.kernel_size == (1, 1)
    ]
    assert len(kept) == (0 if name == "ghost" else 1)
    assert all(layer.activation is keras.activations.relu for layer in kept)


@pytest.mark.parametrize("filters", [8, (8, 12, 6)])
@pytest.mark.parametrize("broadcast", [False, True])
def test_an_hourglass_gives_the_same_with_features_upsampled_by_its_sums(
    broadcast, filters
):
    x = keras.Input((8, 12, 8))
    layer = Hourglass(2, "residual", 1, filters)
    whole = randomize(keras.Model(x, layer(x)))
    fused = keras.Model(x, fuse_chain([layer], x, "hourglass"))
    features = RANDOM.normal(size=(2, 8, 12, 8)).astype("float32")
    expected = whole.predict_on_batch(features)
    assert expected.std() > 0.1
    sums = [layer for layer in fused.layers if isinstance(layer, UpsampledSum)]
    assert len(sums) == 2
    for layer in sums:
        layer.broadcast = broadcast
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_a_network_of_any_block_gives_the_same_heatmaps(name):
    model = randomize(StackedHourglass(block=name, blocks=2, **TINY))
    np.testing.assert_allclose(predicted(fuse(model)), predicted(model), atol=1e-4)


def test_fused_files_of_version_0_4_load(tmp_path, monkeypatch):
    """Their norms are a multiplication and an addition."""

    def apply_affine(norm, x, relu, name):
        layer = linear.ScaleShift(name=name)
        y = layer(x)
        layer.set_weights(linear.batch_norm_affine(norm))
        return keras.layers.ReLU(name=f"{name}_relu")(y) if relu else y

    model = randomize(StackedHourglass(stacks=1, **TINY))
    with monkeypatch.context() as patch:
        patch.setattr(chain, "apply_affine", apply_affine)
        old = fuse(model)
    assert linear.ScaleShift in map(type, old.layers)
    old.save(tmp_path / "fused.keras")
    again = load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(predicted(again), predicted(model), atol=1e-4)


def test_stacks_give_the_same_heatmaps_also_from_a_file(tmp_path):
    model = randomize(StackedHourglass(stacks=2, **TINY))
    fused = fuse(model)
    expected = predicted(model)
    assert expected[:, -1].std() > 0.1
    np.testing.assert_allclose(predicted(fused), expected, atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(predicted(again), predicted(fused), atol=1e-6)
    assert type(again) is type(fused) and again.skeleton == model.skeleton
    assert again.get_config()["network"] == model.get_config()


@pytest.mark.parametrize("block", [CustomBlock, CustomCall])
def test_a_custom_block_gives_the_same(block, tmp_path):
    x = keras.Input((8, 12, 4))
    layer = block(8)
    whole = randomize(keras.Model(x, layer(x)))
    fused = keras.Model(x, fuse_chain([layer], x, "block"))
    features = RANDOM.normal(size=(2, 8, 12, 4)).astype("float32")
    expected = whole.predict_on_batch(features)
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(again.predict_on_batch(features), expected, atol=1e-4)


def test_biases_of_a_sum_that_cancel_are_joined():
    block = blocks.get("separable")(8, name="b")
    x = keras.Input((16, 24, 4))
    block(x)
    randomize(block)
    block.branch[-1].bias.assign(np.full(8, -300.0))
    block.shortcut.bias.assign(np.full(8, 300.5))
    fused = keras.Model(x, fuse_chain([block], x, "b"))
    largest = max(abs(w).max() for w in fused.get_weights())
    assert largest < 10
    crops = RANDOM.normal(size=(2, 16, 24, 4)).astype("float32")
    expected = keras.ops.convert_to_numpy(block(crops))
    np.testing.assert_allclose(fused.predict_on_batch(crops), expected, atol=1e-3)


def test_the_fused_network_has_weights_of_its_own():
    model = StackedHourglass(stacks=1, **TINY)
    before = model.get_weights()
    fused = fuse(model)
    for weight in fused.weights:
        weight.assign(np.zeros(weight.shape))
    for weight, kept in zip(before, model.get_weights()):
        np.testing.assert_array_equal(weight, kept)
    assert fuse(fused) is fused
    assert fused.heatmap_size == model.heatmap_size and fused.offset == model.offset


def test_only_hourglasses_are_fused():
    with pytest.raises(ValueError, match="must be a StackedHourglass.*a Dense"):
        fuse(keras.layers.Dense(1))


def test_a_subclass_with_its_own_call_is_refused():
    class Blank(StackedHourglass):
        def call(self, images):
            return 0 * super().call(images)

    with pytest.raises(ValueError, match="a Blank, which has a `call` of its own"):
        fuse(Blank(**TINY))


class CustomNorm(BatchNormalization):
    def call(self, inputs, training=None, mask=None):
        return 2 * super().call(inputs, training=training, mask=mask)


@pytest.mark.parametrize(
    "norm, folded",
    [(BatchNormalization, True), (batch_normalization, True), (CustomNorm, False)],
    ids=["Keras's", "the library's", "custom"],
)
def test_norms_with_the_behavior_of_keras_are_folded(norm, folded):
    x = keras.Input((8, 12, 4))
    layers = [keras.layers.Conv2D(8, 1), norm()]
    whole = randomize(keras.Model(x, layers[1](layers[0](x))))
    fused = keras.Model(x, fuse_chain(layers, x, "part"))
    features = RANDOM.normal(size=(2, 8, 12, 4)).astype("float32")
    expected = whole.predict_on_batch(features)
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)
    assert norms(fused) == (0 if folded else 1)
