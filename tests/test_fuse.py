import keras
import numpy as np
import pytest
from keras.layers import BatchNormalization

from keras_hourglass import StackedHourglass, fuse
from keras_hourglass.layers.blocks import BLOCKS, Bottleneck, preactivated
from keras_hourglass.layers.inside import sublayers

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


def learned(**network):
    """A network whose weights are random, norms and biases among them."""
    model = StackedHourglass(**{**TINY, **network})
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        values = RANDOM.normal(0, 0.3, weight.shape)
        if weight.path.endswith(("gamma", "kernel")):
            values = values / np.sqrt(max(1, np.prod(weight.shape[:-1]) * 0.1))
        if weight.path.endswith("moving_variance"):
            values = RANDOM.uniform(0.5, 2, weight.shape)
        weight.assign(values)
    return model


def predicted(model, images=IMAGES):
    return keras.ops.convert_to_numpy(model(images, training=False))


def norms(model):
    return sum(isinstance(layer, BatchNormalization) for layer in sublayers(model))


@pytest.mark.parametrize("block", BLOCKS)
def test_heatmaps_stay_the_same_and_no_norm_is_left(block):
    model = learned(block=block, stacks=1)
    fused = fuse(model)
    expected = predicted(model)
    assert expected.std() > 0.01
    np.testing.assert_allclose(predicted(fused), expected, atol=1e-4)
    assert norms(model) and not norms(fused)


def test_every_stack_gets_what_it_got_and_a_file_gives_the_same_again(tmp_path):
    model = learned(stacks=3, blocks=2)
    fused = fuse(model)
    np.testing.assert_allclose(predicted(fused), predicted(model), atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(predicted(again), predicted(fused), atol=1e-6)
    assert type(again) is type(fused) and again.skeleton == model.skeleton
    assert again.get_config()["network"] == model.get_config()


@pytest.mark.parametrize("block", [OwnBlock, OwnCall])
def test_a_block_of_ones_own_stays_right(block, tmp_path):
    model = learned(block=block, stacks=1)
    fused = fuse(model)
    np.testing.assert_allclose(predicted(fused), predicted(model), atol=1e-4)
    fused.save(tmp_path / "fused.keras")
    again = keras.models.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(predicted(again), predicted(fused), atol=1e-6)
