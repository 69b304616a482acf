import keras
import numpy as np
import pytest
from keras.layers import BatchNormalization

from keras_hourglass import StackedHourglass, fuse
from keras_hourglass.models import blocks
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.fusion.chain import fuse_chain
from keras_hourglass.models.fusion.linear import ScaleShift
from keras_hourglass.models.layer_utils import sublayers

TINY = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (16, 24)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 16, 24, 3), dtype="uint8")


@keras.saving.register_keras_serializable("tests_fuse")
class OwnBlock(Bottleneck):
    """A block of a user's own, of layers that the library knows nothing of."""

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


@keras.saving.register_keras_serializable("tests_fuse")
class OwnCall(Bottleneck):
    """A block of a user's own, that does not add what its branch says."""

    def branch_layers(self):
        return preactivated(keras.layers.Conv2D(self.filters, 1))

    def call(self, x):
        return keras.ops.multiply(super().call(x), 0.5)


def learned(layer):
    """A layer or a network with random weights, norms and biases among them."""
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
def test_a_block_says_the_same_without_norms_but_the_first(name, channels):
    """The first is on what the shortcut needs, too: it has no convolution before it."""
    x = keras.Input((8, 12, channels))
    block = blocks.get(name)(8)
    whole = keras.Model(x, block(x))
    learned(whole)
    fused = keras.Model(x, fuse_chain([block], x, "block"))
    features = RANDOM.normal(size=(2, 8, 12, channels)).astype("float32")
    expected = whole.predict_on_batch(features)
    assert expected.std() > 0.1
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)
    assert norms(whole) and not norms(fused)
    kept = sum(isinstance(layer, ScaleShift) for layer in fused.layers)
    assert kept == (0 if name == "ghost" else 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_a_network_of_any_block_gives_the_same_heatmaps(name):
    model = learned(StackedHourglass(block=name, blocks=2, **TINY))
    np.testing.assert_allclose(predicted(fuse(model)), predicted(model), atol=1e-4)


def test_every_stack_gets_what_it_got_and_a_file_gives_the_same_again(tmp_path):
    model = learned(StackedHourglass(stacks=2, **TINY))
    fused = fuse(model)
    expected = predicted(model)
    assert expected[:, -1].std() > 0.1
    np.testing.assert_allclose(predicted(fused), expected, atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(predicted(again), predicted(fused), atol=1e-6)
    assert type(again) is type(fused) and again.skeleton == model.skeleton
    assert again.get_config()["network"] == model.get_config()


@pytest.mark.parametrize("block", [OwnBlock, OwnCall])
def test_a_block_of_ones_own_stays_right(block, tmp_path):
    x = keras.Input((8, 12, 4))
    layer = block(8)
    whole = learned(keras.Model(x, layer(x)))
    fused = keras.Model(x, fuse_chain([layer], x, "block"))
    features = RANDOM.normal(size=(2, 8, 12, 4)).astype("float32")
    expected = whole.predict_on_batch(features)
    np.testing.assert_allclose(fused.predict_on_batch(features), expected, atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(again.predict_on_batch(features), expected, atol=1e-4)


def test_the_trained_network_keeps_its_weights_to_itself():
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


def test_what_a_subclass_answers_itself_is_not_fused():
    class Blank(StackedHourglass):
        def call(self, images):
            return 0 * super().call(images)

    with pytest.raises(ValueError, match="a Blank, which has a `call` of its own"):
        fuse(Blank(**TINY))
