"""Each watcher is provoked: what it is for happens, in `fit`."""

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh
from keras_hourglass.callbacks.diagnostics import (
    FlatHeatmapWarning,
    NonFiniteError,
    RaiseOnNaN,
    UnlabelledBatchWarning,
    ValidationGapWarning,
    diagnostic_callbacks,
    has_finite_weights,
)
from keras_hourglass.training.checkpoint import BestCheckpoint
from keras_hourglass.training.flat_optimizer import EMAWeights

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 1, (6, 8, 8, 3)).astype("float32")


@pytest.fixture
def labels():
    """Whose references are so large that all is correct."""
    rest = np.broadcast_to([1.0, 99.0], (6, 16, 2))
    return np.concatenate([RANDOM.uniform(0, 8, (6, 16, 2)), rest], -1).astype("f4")


@pytest.fixture
def model(eager):
    """The least that gives heatmaps."""
    images = keras.Input((8, 8, 3))
    heatmaps = keras.layers.Conv2D(16, 1, name="heatmaps")(images)
    return keras.Model(images, keras.layers.Reshape((1, 8, 8, 16))(heatmaps))


def fit(model, labels, *callbacks, rate=1e-3, epochs=1, **kwargs):
    """Three batches of two people."""
    model.compile(
        keras.optimizers.SGD(rate), HeatmapLoss(), metrics=[PCKh(skeleton="mpii")]
    )
    kwargs = {"batch_size": 2, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(IMAGES, labels, callbacks=[*callbacks], epochs=epochs, **kwargs)


def test_a_loss_that_is_no_number_ends_training_and_says_whose_batch_it_was(
    model, labels
):
    labels[4, 0, 2] = np.nan
    seen = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append("end"))
    watcher = RaiseOnNaN(lambda epoch, batch: [f"{epoch}/{batch}/{i}" for i in (0, 1)])
    with pytest.raises(NonFiniteError) as stopped:
        fit(model, labels, watcher, count)
    text = str(stopped.value)
    assert text.startswith("The loss is nan in batch 3 of epoch 1")
    assert text.endswith("batch: 0/2/0, 0/2/1; before them: 0/1/0, 0/1/1")
    assert "\n" not in text and not seen


def test_weights_that_the_last_step_ruined_are_not_kept(model, labels, tmp_path):
    """Training's own losses are numbers still; only validation shows it."""
    best, averaged = tmp_path / "best.keras", EMAWeights()
    best.write_bytes(b"good")
    bias = model.get_layer("heatmaps").bias
    ruin = keras.callbacks.LambdaCallback(
        on_test_begin=lambda logs: bias.assign(np.full(16, np.inf))
    )
    validation = {"validation_data": (IMAGES, labels)}
    keep = [averaged, BestCheckpoint(best, averaged)]
    fit(model, labels, ruin, *keep, **validation)
    assert not has_finite_weights(model) and best.read_bytes() == b"good"
    bias.assign(np.zeros(16))
    with pytest.raises(
        NonFiniteError, match="val_loss is (inf|nan) at the end of epoch 1"
    ):
        fit(model, labels, RaiseOnNaN(), ruin, **validation)


def test_a_long_batch_is_named_in_part():
    watcher = RaiseOnNaN(lambda epoch, batch: range(100))
    with pytest.raises(
        NonFiniteError, match="batch: 0, 1, 2, 3, 4, 5, 6, 7 and 92 more$"
    ):
        watcher.on_train_batch_end(0, {"loss": float("inf")})


def test_heatmaps_that_are_zero_all_over_are_told_once_and_high_ones_are_not(
    model, labels
):
    lines = []
    head = model.get_layer("heatmaps")
    head.kernel.assign(np.zeros(head.kernel.shape))
    kwargs = {"rate": 0.0, "validation_data": (IMAGES, labels)}
    fit(model, labels, FlatHeatmapWarning(lines.append), epochs=2, **kwargs)
    assert len(lines) == 1 and "their peaks are 0.000 high" in lines[0]
    head.bias.assign(np.full(16, 0.1))
    fit(model, labels, FlatHeatmapWarning(lines.append), **kwargs)
    assert len(lines) == 1
    fit(model, labels, FlatHeatmapWarning(lines.append, level=0.2), rate=0.0)
    assert len(lines) == 2  # also where nobody validates


def test_batches_without_a_labelled_joint_are_counted(model, labels):
    lines = []
    fit(model, labels, UnlabelledBatchWarning(lines.append))
    assert lines == []
    validation = {"validation_data": (IMAGES, labels.copy())}
    labels[1:, :, 2] = 0
    fit(model, labels, UnlabelledBatchWarning(lines.append), **validation)
    assert len(lines) == 1 and "2 batches of epoch 1 had not one labelled" in lines[0]


def test_validation_far_below_training_is_told(model, labels):
    lines = []
    far = labels + np.float32([0, 0, 0, -98.999])  # nothing is correct
    for validated in (labels, far):
        data = {"validation_data": (IMAGES, validated)}
        fit(model, labels, ValidationGapWarning(lines.append), **data)
    assert len(lines) == 1 and "val_pckh is 0.0 where pckh is 100.0" in lines[0]


def test_validation_is_compared_while_training_rises():
    """Below 10 % there is nothing to compare; what recovered may be told again."""
    lines = []
    watcher = ValidationGapWarning(lines.append)
    told = []
    for pckh, validated in [(8, 1), (30, 20), (25, 5), (40, 5), (50, 6), (60, 50)]:
        watcher.on_epoch_end(0, {"pckh": pckh, "val_pckh": validated})
        told.append(len(lines))
    watcher.on_epoch_end(0, {"pckh": 70, "val_pckh": 9})
    assert told == [0, 0, 0, 1, 1, 1] and len(lines) == 2


def test_the_set_watches_a_fit_that_goes_well_in_silence(model, labels):
    lines = []
    model.get_layer("heatmaps").bias.assign(np.full(16, 0.1))
    data = {"validation_data": (IMAGES, labels)}
    fit(model, labels, *diagnostic_callbacks(lines.append), rate=0.0, **data)
    assert lines == []
