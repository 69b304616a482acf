import keras
import numpy as np
import pytest

from keras_hourglass.models import blocks
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.blocks.bottleneck import Bottleneck
from keras_hourglass.models.config import BLOCK_NAMES
from keras_hourglass.models.flops import count_parameters
from keras_hourglass.models.trunk.layer_utils import sublayers

# Of block(256, 128), block(64, 64) and block(128, 128) in the notation (channels in,
# channels of the bottleneck), counted by running a reconstruction of the paper's.
SIZES = (256, 128), (64, 64), (128, 128)
PARAMETERS = {
    "residual": (214_528, 58_112, 230_912),
    "separable": (84_736, 25_984, 101_120),
    "separable3": (88_576, 27_264, 103_680),
    "ghost": (35_264, 15_712, 60_096),
    "multidilated": (120_320, 35_584, 136_704),
    "multidilated_dense": (233_600, 63_552, 249_984),
}


def test_every_block_has_its_counts():
    assert PARAMETERS.keys() == BLOCKS.keys()


def test_names_of_the_configuration_are_those_of_the_blocks():
    assert BLOCK_NAMES == tuple(BLOCKS)


@pytest.mark.parametrize("name", BLOCKS)
def test_block_has_the_parameters_of_the_paper(name):
    for (inputs, half), count in zip(
        [(256, 128), (64, 64), (128, 128)], PARAMETERS[name]
    ):
        block = blocks.get(name)(2 * half)
        block.build((None, 8, 8, inputs))
        assert count_parameters(block) == count


@pytest.mark.parametrize("name", BLOCKS)
def test_block_keeps_the_size_and_sets_the_channels(name):
    block = blocks.get(name)(filters=8)
    assert block(np.zeros((2, 16, 12, 4), "float32")).shape == (2, 16, 12, 8)
    assert block.compute_output_shape((None, 16, 12, 4)) == (None, 16, 12, 8)


@pytest.mark.parametrize("name", BLOCKS)
def test_block_comes_back_from_its_config(name):
    block = blocks.get(name)(filters=8)
    again = type(block).from_config(block.get_config())
    assert again.get_config() == block.get_config()
    assert blocks.get(blocks.name_of(type(block))) is type(block)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_every_layer_of_a_block_has_its_precision(name, policy):
    block = blocks.get(name)(filters=8, dtype=policy)
    assert keras.backend.standardize_dtype(
        block(np.zeros((1, 8, 8, 4), "float32")).dtype
    ) == policy.removeprefix("mixed_")
    for layer in sublayers(block):
        assert layer.dtype_policy.name == policy, layer.name


@pytest.mark.parametrize("name", BLOCKS)
def test_a_new_block_is_the_identity(name):
    block = blocks.get(name)(filters=4)
    x = np.random.default_rng(0).random((1, 8, 8, 4), dtype="float32")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(block(x)), x)
    for weight in block.trainable_weights:
        if not np.any(keras.ops.convert_to_numpy(weight)):
            weight.assign(np.ones(weight.shape))
    assert np.any(keras.ops.convert_to_numpy(block(x)) != x)


def test_the_receptive_field_of_multidilated_is_three_pixels_to_each_side():
    block = blocks.get("multidilated")(filters=64)
    block.build((None, 15, 15, 4))
    block.branch[-1].kernel.assign(np.ones((1, 1, 32, 64)))
    x = np.zeros((1, 15, 15, 4), "float32")
    without = keras.ops.convert_to_numpy(block(x))
    x[0, 7, 7] = 1
    rows = np.any(keras.ops.convert_to_numpy(block(x)) != without, axis=(0, 2, 3))
    assert [*np.flatnonzero(rows)] == [4, 5, 6, 7, 8, 9, 10]


def test_odd_filters_are_refused():
    with pytest.raises(ValueError, match="`filters` must be even.*Received: filters=7"):
        blocks.get("residual")(filters=7)
    with pytest.raises(ValueError, match="`filters` must be a positive integer"):
        blocks.get("residual")(filters=0)


def test_an_unknown_block_is_refused_with_a_guess():
    with pytest.raises(ValueError, match="Did you mean 'ghost'.*block='gost'"):
        blocks.get("gost")


def test_a_block_that_cannot_be_found_again_is_refused():
    class Unregistered(Bottleneck):
        pass

    with pytest.raises(ValueError, match="must be registered"):
        blocks.name_of(Unregistered)
