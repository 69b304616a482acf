import os
import subprocess
import sys
import warnings
from importlib.util import find_spec
from inspect import signature

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, Skeleton, StackedHourglass
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.config import NETWORK_DEFAULTS
from keras_hourglass.models.torch_threads import spared_core
from keras_hourglass.models.trunk.hourglass import Hourglass
from keras_hourglass.models.trunk.layer_utils import sublayers

TINY = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (32, 48)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 48, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (2, 16, 2)), np.ones((2, 16, 1)), np.full((2, 16, 1), 2)], -1
).astype("float32")


@keras.saving.register_keras_serializable("tests")
class CustomBlock(Bottleneck):
    """A custom block."""

    def branch_layers(self):
        return preactivated(keras.layers.Conv2D(self.filters, 3, padding="same"))


def predict(model, images=IMAGES):
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
    np.testing.assert_allclose(predict(again), predict(model), atol=1e-6)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = StackedHourglass(block=block, **TINY)
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(predict(fresh), predict(model), atol=1e-6)


def test_one_file_gives_the_same_heatmaps_on_every_backend(tmp_path):
    """Through all blocks but in one network each: 1e-4."""
    code = """
import sys, keras, numpy as np, keras_hourglass as kh
images = np.load(sys.argv[1] + "/images.npy")
for name in sys.argv[2:]:
    model = kh.load_model(f"{sys.argv[1]}/{name}")
    heatmaps = keras.ops.convert_to_numpy(model(images, training=False))
    np.save(f"{sys.argv[1]}/{name}.npy", heatmaps)
"""
    others = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}
    installed = [name for name in sorted(others) if find_spec(name)]
    if not installed:
        pytest.skip("no other backend is installed")
    np.save(tmp_path / "images.npy", IMAGES)
    models = {
        block: StackedHourglass(stacks=1, block=block, **TINY) for block in BLOCKS
    }
    for block, model in models.items():
        for layer in sublayers(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                shape = layer.moving_mean.shape  # as they begin, both would hide errors
                layer.moving_mean.assign(RANDOM.normal(0, 0.1, shape))
                layer.moving_variance.assign(RANDOM.uniform(0.5, 2, shape))
        model.save(tmp_path / f"{block}.keras")
    names = {f"{block}.keras": model for block, model in models.items()}
    names["preset"] = models["separable"]
    models["separable"].save_to_preset(tmp_path / "preset")
    for backend in installed:
        environment = {**os.environ, "KERAS_BACKEND": backend}
        args = [sys.executable, "-c", code, str(tmp_path), *names]
        subprocess.run(args, env=environment, check=True)
        for name, model in names.items():
            other = np.load(tmp_path / f"{name}.npy")
            np.testing.assert_allclose(predict(model), other, atol=1e-4)


def test_image_sizes_that_do_not_fit_are_refused_with_ones_that_do():
    with pytest.raises(ValueError, match="multiples of 64.*64 or 128.*=.100, 64"):
        StackedHourglass(image_size=(100, 64))
    with pytest.raises(ValueError, match="multiples of 32 for depth 3"):
        StackedHourglass(image_size=(96, 100), depth=3)
    assert StackedHourglass(stacks=1, filters=2, image_size=96, depth=3)


@pytest.mark.parametrize(
    "argument", ["stacks", "blocks", "depth", "filters", "stem_filters"]
)
@pytest.mark.parametrize("value", [0, 1.5, "2", True])
def test_counts_must_be_positive_integers(argument, value):
    several = ", or 5 for depth 4: one for each size, the largest first"
    more = several if argument == "filters" else ""
    message = f"`{argument}` must be a positive integer{more}. "
    message += f"Received: {argument}={value!r}"
    with pytest.raises(ValueError, match=message):
        StackedHourglass(**{argument: value})


@pytest.mark.parametrize("filters", [(8, 8), (8, 8, 0), (8, 8, 8, 8), (8, 8, "8")])
def test_channels_of_each_size_must_be_as_many_as_sizes(filters):
    with pytest.raises(ValueError, match="or 3 for depth 2: one for each size"):
        StackedHourglass(1, filters=filters, depth=2, image_size=32)
    with pytest.raises(ValueError, match="even.*filters=7"):
        StackedHourglass(1, filters=(8, 7, 8), depth=2, image_size=32)


@pytest.mark.parametrize(
    "size", ["256", 64.0, (64,), (64, 64, 3), None, np.array([64, 64])]
)
def test_image_sizes_must_be_one_or_two_integers(size):
    with pytest.raises(ValueError, match="`image_size` must be an integer or two"):
        StackedHourglass(image_size=size)


@pytest.mark.parametrize("offset", [0, (0,), ("a", "b"), (0, float("nan"))])
def test_offsets_must_be_two_finite_numbers(offset):
    with pytest.raises(ValueError, match="`offset` must be two finite numbers"):
        StackedHourglass(offset=offset)


def test_the_name_of_a_preset_is_refused_with_how_to_get_it():
    with pytest.raises(ValueError, match=r"is `StackedHourglass.from_preset\('hg8'\)`"):
        StackedHourglass("hg8")


def test_defaults_are_those_of_the_configuration():
    parameters = signature(StackedHourglass).parameters
    defaults = {name: p.default for name, p in parameters.items() if name != "kwargs"}
    assert defaults == NETWORK_DEFAULTS


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            StackedHourglass(**TINY)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_bytes_and_floats_of_an_image_give_the_same_heatmaps():
    model = StackedHourglass(stacks=1, **TINY)
    same = predict(model, IMAGES.astype("float32"))
    np.testing.assert_array_equal(predict(model), same)


def test_pixels_are_scaled_to_one_and_their_mean_is_subtracted():
    from keras_hourglass.models.trunk.heads import NormalizePixels

    out = NormalizePixels()(np.array([[[[255, 0, 51]]]], "uint8"))
    out = keras.ops.convert_to_numpy(out)
    np.testing.assert_allclose(out[0, 0, 0], [0.5596, -0.4440, -0.2327], atol=1e-6)


def test_batch_sizes_and_skeletons_may_vary():
    skeleton = Skeleton(("left_eye", "right_eye", "nose"))
    model = StackedHourglass(stacks=1, skeleton=skeleton, **TINY)
    assert [predict(model, IMAGES[:n]).shape[0] for n in (1, 2)] == [1, 2]
    assert model.output_shape[-1] == 3
    assert StackedHourglass.from_config(model.get_config()).skeleton == skeleton


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_ends_in_float32(policy):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = StackedHourglass(stacks=2, block="multidilated", **TINY)
        out = predict(model)
    finally:
        keras.config.set_dtype_policy(previous)
    assert out.dtype == "float32" and np.isfinite(out).all()


def test_a_custom_block_trains_and_reloads(tmp_path, eager):
    model = StackedHourglass(stacks=1, block=CustomBlock, **TINY)
    model.compile("adam", HeatmapLoss(), metrics=[PCKh()])
    before = model.get_weights()
    model.fit(IMAGES, LABELS, verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, model.get_weights()))
    model.save(tmp_path / "own.keras")
    again = keras.models.load_model(tmp_path / "own.keras")
    assert again.block is CustomBlock
    np.testing.assert_allclose(predict(again), predict(model), atol=1e-6)


def test_validation_changes_no_weight(eager):
    model = StackedHourglass(stacks=1, **TINY)
    model.compile("adam", HeatmapLoss())
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
    np.testing.assert_allclose(predict(clone), predict(model), atol=1e-6)


def test_an_hourglass_adds_a_skip_at_every_size():
    """With blocks that are the identity, ones come out as often as there are paths."""
    hourglass = Hourglass(depth=3, block="residual", blocks=2, filters=4)
    hourglass.build((None, 16, 8, 4))
    for layer in sublayers(hourglass):
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    out = keras.ops.convert_to_numpy(hourglass(np.ones((1, 16, 8, 4), "float32")))
    np.testing.assert_array_equal(out, np.full((1, 16, 8, 4), 4))


def test_channels_may_differ_from_size_to_size(tmp_path):
    sizes = {"stacks": 2, "stem_filters": 4, "depth": 2, "blocks": 2, "image_size": 32}
    model = StackedHourglass(filters=(8, 12, 6), **sizes)
    outer = model.get_layer("stack_2")
    (inner,) = outer.inner
    for layer, large, small in ((outer, 8, 12), (inner, 12, 6)):
        assert [block.filters for block in layer.up] == [large, large]
        assert [block.filters for block in layer.down] == [small, small]
        assert [block.filters for block in layer.back] == [small, large]
    assert [block.filters for block in inner.inner] == [6, 6]
    assert model.get_layer("stack_1_convolution").filters == 8
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_config() == model.get_config() and again.filters == (8, 12, 6)
    images = IMAGES[:, :, :32]
    np.testing.assert_allclose(predict(again, images), predict(model, images))
    same = [StackedHourglass(filters=x, **sizes) for x in (8, (8, 8, 8))]
    shapes = [[weight.shape for weight in each.weights] for each in same]
    assert shapes[0] == shapes[1]


def test_a_frozen_network_does_not_learn():
    model = StackedHourglass(stacks=1, **TINY)
    model.trainable = False
    assert not model.trainable_weights


class Bindable(keras.metrics.Metric):
    """A metric that needs a skeleton, as `PCKh` does."""

    def __init__(self, skeleton=None, **kwargs):
        super().__init__(**kwargs)
        self.skeleton = skeleton

    def bind(self, skeleton):
        self.skeleton = skeleton

    def update_state(self, y_true, y_pred, sample_weight=None):
        pass

    def result(self):
        return 0.0


def test_compile_binds_metrics_without_a_skeleton_to_that_of_the_network():
    model = StackedHourglass(stacks=1, skeleton="lsp", **TINY)
    first, second = Bindable(name="first"), Bindable(name="second")
    bound = Bindable("another", name="bound")
    model.compile(
        "adam", HeatmapLoss(), None, [first, "mse"], weighted_metrics=[second]
    )
    assert first.skeleton is second.skeleton is model.skeleton
    model.compile("adam", HeatmapLoss(), metrics={"heatmaps": [bound]})
    assert bound.skeleton == "another"
    pckh = PCKh(skeleton=None)
    model.compile("adam", HeatmapLoss(), metrics=[pckh])
    assert pckh.skeleton == model.skeleton


def test_a_compiled_file_is_loaded_compiled_and_without_a_warning(tmp_path):
    model = StackedHourglass(stacks=1, **TINY)
    model.compile(keras.optimizers.Adam(0.25), HeatmapLoss(), metrics=[PCKh()])
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(7)
    model.save(tmp_path / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = keras.models.load_model(tmp_path / "model.keras")
    assert again.compiled and float(again.optimizer.learning_rate) == 0.25
    assert int(again.optimizer.iterations) == 7


def make_compiled(**compiling):
    keras.utils.set_random_seed(1)
    size = {**TINY, "image_size": 32}
    model = StackedHourglass(stacks=1, **size)
    model.compile("adam", HeatmapLoss(), **compiling)
    return model


SQUARE = RANDOM.integers(0, 256, (6, 32, 32, 3), "uint8")
SQUARE_LABELS = np.ones((6, 16, 4), "float32")


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="other backends do not trace twice"
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_a_step_is_traced_once(method, monkeypatch):
    name, traces = "test_step" if method == "evaluate" else "train_step", []

    def step(self, data):
        traces.append(data)
        return getattr(keras.Model, name)(self, data)

    monkeypatch.setattr(StackedHourglass, name, step, raising=False)
    getattr(make_compiled(), method)(SQUARE, SQUARE_LABELS)
    assert len(traces) == 1


@pytest.mark.parametrize("steps", [1, 2])
def test_fit_runs_all_batches_of_every_epoch(steps):
    if steps > 1 and keras.backend.backend() == "torch":
        pytest.skip("PyTorch takes one step at a time")
    ended = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ended.append(batch)
    )
    model = make_compiled(steps_per_execution=steps)
    model.fit(
        *(SQUARE, SQUARE_LABELS, 2, 2),
        validation_data=(SQUARE[:5], SQUARE_LABELS[:5]),
        callbacks=[record],
        verbose=0,
    )
    assert len(ended) == 2 * -(-3 // steps)
    assert model.optimizer.iterations == 6


def test_fit_learns_the_same_as_single_batches():
    fitted, stepped = make_compiled(), make_compiled()
    fitted.fit(SQUARE, SQUARE_LABELS, 2, shuffle=False, verbose=0)
    with spared_core():  # with the threads of `fit`: sums are rounded alike
        for first in (0, 2, 4):
            rows = slice(first, first + 2)
            stepped.train_on_batch(SQUARE[rows], SQUARE_LABELS[rows])
    for one, other in zip(fitted.get_weights(), stepped.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_an_unknown_argument_is_refused_with_a_guess():
    with pytest.raises(TypeError, match="Did you mean 'stacks'.*Received: stack=2"):
        StackedHourglass(stack=2)


def test_training_takes_away_an_offset_which_labels_do_not_have(eager):
    model = StackedHourglass(1, **TINY, offset=(0.5, 0))
    model.compile("sgd", HeatmapLoss())
    model.evaluate(IMAGES, LABELS, verbose=0)
    assert model.offset == (0.5, 0)
    model.fit(IMAGES, LABELS, verbose=0)
    assert model.offset == (0, 0)


def test_a_metric_of_other_joints_is_refused():
    with pytest.raises(ValueError, match="of the 16 joints.*'pckh', of 17 joints"):
        StackedHourglass(1, **TINY).compile("sgd", metrics=[PCKh(skeleton="coco")])


def test_a_copy_has_weights_calibration_and_facts_and_no_optimizer():
    model = StackedHourglass(1, **TINY, calibration=(3, -1), offset=(0.5, 0))
    model.facts = object()
    model.compile("sgd", HeatmapLoss())
    copy = model.copy()
    assert copy.calibration == (3, -1) and copy.offset == (0.5, 0)
    assert copy.facts is model.facts and not copy.compiled
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    copy.set_weights(model.get_weights())
    assert copy.calibration is None and copy.facts is None


def test_a_file_keeps_layers_frozen_and_the_state_of_the_optimizer(tmp_path, eager):
    model = StackedHourglass(1, **TINY)
    model.get_layer("stem_block_1").trainable = False
    model.compile("adam", HeatmapLoss())
    model.fit(IMAGES, LABELS, epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = keras.models.load_model(tmp_path / "model.keras")
    frozen = [layer.name for layer in loaded.layers if not layer.trainable]
    assert frozen == ["stem_block_1"]
    assert len(loaded.trainable_weights) == len(model.trainable_weights)
    assert int(loaded.optimizer.iterations) == 3
