import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, Skeleton, StackedHourglass
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.hourglass import Hourglass
from keras_hourglass.models.layer_utils import sublayers

TINY = {"filters": 8, "stem_filters": 4, "depth": 2, "image_size": (32, 48)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 48, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (2, 16, 2)), np.ones((2, 16, 1)), np.full((2, 16, 1), 2)], -1
).astype("float32")


@keras.saving.register_keras_serializable("tests")
class OwnBlock(Bottleneck):
    """A block that a user wrote."""

    def branch_layers(self):
        return preactivated(keras.layers.Conv2D(self.filters, 3, padding="same"))


def predicted(model, images=IMAGES):
    return keras.ops.convert_to_numpy(model(images, training=False))


@pytest.mark.parametrize("stacks", [1, 2, 3, 8])
def test_output_has_an_axis_for_stacks_whatever_their_number(stacks):
    model = StackedHourglass(stacks=stacks, **TINY)
    assert model.output_shape == (None, stacks, 8, 12, 16)
    assert model.compute_output_shape((5, 32, 48, 3)) == (5, stacks, 8, 12, 16)


@pytest.mark.parametrize("block", BLOCKS)
def test_file_gives_the_same_network_with_the_same_heatmaps(block, tmp_path):
    model = StackedHourglass(block=block, name="mine", **TINY)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is StackedHourglass and again.get_config() == model.get_config()
    np.testing.assert_allclose(predicted(again), predicted(model), atol=1e-6)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = StackedHourglass(block=block, **TINY)
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(predicted(fresh), predicted(model), atol=1e-6)


def test_one_file_gives_the_same_heatmaps_on_every_backend(tmp_path):
    """Through all blocks but in one network each: 1e-4."""
    code = """
import sys, keras, numpy as np, keras_hourglass
images = np.load(sys.argv[1] + "/images.npy")
for name in sys.argv[2:]:
    model = keras.models.load_model(f"{sys.argv[1]}/{name}.keras")
    heatmaps = keras.ops.convert_to_numpy(model(images, training=False))
    np.save(f"{sys.argv[1]}/{name}.npy", heatmaps)
"""
    np.save(tmp_path / "images.npy", IMAGES)
    models = {block: StackedHourglass(block=block, **TINY) for block in BLOCKS}
    for block, model in models.items():
        for layer in sublayers(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                shape = layer.moving_mean.shape  # untrained, both would hide faults
                layer.moving_mean.assign(RANDOM.normal(0, 0.1, shape))
                layer.moving_variance.assign(RANDOM.uniform(0.5, 2, shape))
        model.save(tmp_path / f"{block}.keras")
    others = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}
    installed = [name for name in sorted(others) if find_spec(name)]
    if not installed:
        pytest.skip("no other backend is installed")
    for backend in installed:
        environment = {**os.environ, "KERAS_BACKEND": backend}
        args = [sys.executable, "-c", code, str(tmp_path), *BLOCKS]
        subprocess.run(args, env=environment, check=True)
        for block, model in models.items():
            other = np.load(tmp_path / f"{block}.npy")
            np.testing.assert_allclose(predicted(model), other, atol=1e-4)


def test_sizes_that_do_not_fit_are_refused_with_ones_that_do():
    with pytest.raises(ValueError, match="multiples of 64.*64 or 128.*=.100, 64"):
        StackedHourglass(image_size=(100, 64))
    with pytest.raises(ValueError, match="multiples of 32 for depth 3"):
        StackedHourglass(image_size=(96, 100), depth=3)
    assert StackedHourglass(stacks=1, filters=2, image_size=96, depth=3)


@pytest.mark.parametrize("argument", ["stacks", "blocks", "depth"])
def test_none_of_something_is_refused(argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be at least 1"):
        StackedHourglass(**{argument: 0})


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            StackedHourglass(**TINY)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_bytes_and_floats_of_the_same_picture_are_the_same():
    model = StackedHourglass(stacks=1, **TINY)
    same = predicted(model, IMAGES.astype("float32"))
    np.testing.assert_array_equal(predicted(model), same)


def test_pixels_are_scaled_to_one_and_lose_their_mean():
    from keras_hourglass.models.heads import NormalizePixels

    out = NormalizePixels()(np.array([[[[255, 0, 51]]]], "uint8"))
    out = keras.ops.convert_to_numpy(out)
    np.testing.assert_allclose(out[0, 0, 0], [0.5596, -0.4440, -0.2327], atol=1e-6)


def test_unknown_batch_sizes_and_other_skeletons():
    skeleton = Skeleton(("left_eye", "right_eye", "nose"))
    model = StackedHourglass(stacks=1, skeleton=skeleton, **TINY)
    assert [predicted(model, IMAGES[:n]).shape[0] for n in (1, 2)] == [1, 2]
    assert model.output_shape[-1] == 3
    assert StackedHourglass.from_config(model.get_config()).skeleton == skeleton


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_ends_in_float32(policy):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = StackedHourglass(stacks=2, block="multidilated", **TINY)
        out = predicted(model)
    finally:
        keras.config.set_dtype_policy(previous)
    assert out.dtype == "float32" and np.isfinite(out).all()


def test_a_block_of_ones_own_trains_and_reloads(tmp_path):
    model = StackedHourglass(stacks=1, block=OwnBlock, **TINY)
    model.compile("adam", HeatmapLoss(), metrics=[PCKh()], run_eagerly=True)
    before = model.get_weights()
    model.fit(IMAGES, LABELS, verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, model.get_weights()))
    model.save(tmp_path / "own.keras")
    again = keras.models.load_model(tmp_path / "own.keras")
    assert again.block is OwnBlock
    np.testing.assert_allclose(predicted(again), predicted(model), atol=1e-6)


def test_validation_changes_no_weight():
    model = StackedHourglass(stacks=1, **TINY)
    model.compile("adam", HeatmapLoss(), run_eagerly=True)
    before = model.get_weights()
    model.evaluate(IMAGES, LABELS, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_summary_names_layers_after_what_they_are():
    names = {layer.name for layer in StackedHourglass(stacks=2, **TINY).layers}
    assert {"images", "normalize", "stack_1_heatmaps", "stack_2", "heatmaps"} <= names


def test_a_clone_is_the_same_network():
    model = StackedHourglass(stacks=1, **TINY)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(predicted(clone), predicted(model), atol=1e-6)


def test_an_hourglass_adds_what_it_saw_at_every_size():
    """With blocks that change nothing, ones come out as often as there are ways."""
    hourglass = Hourglass(depth=3, block="residual", blocks=2, filters=4)
    hourglass.build((None, 16, 8, 4))
    for layer in sublayers(hourglass):
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    out = keras.ops.convert_to_numpy(hourglass(np.ones((1, 16, 8, 4), "float32")))
    np.testing.assert_array_equal(out, np.full((1, 16, 8, 4), 4))


def test_a_frozen_network_does_not_learn():
    model = StackedHourglass(stacks=1, **TINY)
    model.trainable = False
    assert not model.trainable_weights
