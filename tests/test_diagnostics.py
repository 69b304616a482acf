"""Diagnostics: each problem is provoked in `fit`."""

import time

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh
from keras_hourglass.callbacks.diagnostics import (
    FlatHeatmapWarning,
    InputStallTimer,
    NonFiniteError,
    RaiseOnNaN,
    UnlabelledBatchWarning,
    ValidationGapWarning,
    diagnostic_callbacks,
    has_finite_weights,
)
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline import batches
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.training.runs.checkpoint import BestCheckpoint

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 1, (6, 8, 8, 3)).astype("float32")


@pytest.fixture
def labels():
    """References are so large that all predictions are correct."""
    rest = np.broadcast_to([1.0, 99.0], (6, 16, 2))
    return np.concatenate([RANDOM.uniform(0, 8, (6, 16, 2)), rest], -1).astype("f4")


@pytest.fixture
def model(eager):
    """The smallest model with heatmaps."""
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


def test_a_loss_of_nan_ends_training_and_names_the_people_of_the_batch(model, labels):
    labels[4, 0, 2] = np.nan
    ended = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ended.append(1))
    callback = RaiseOnNaN(lambda epoch, batch: [f"{epoch}/{batch}/{i}" for i in (0, 1)])
    with pytest.raises(NonFiniteError) as stopped:
        fit(model, labels, callback, count)
    text = str(stopped.value)
    assert text.startswith("The loss is nan in batch 3 of epoch 1")
    assert text.endswith("batch: 0/2/0, 0/2/1; before them: 0/1/0, 0/1/1")
    assert "\n" not in text and not ended


def test_weights_that_the_last_step_ruined_are_not_saved(model, labels, tmp_path):
    """The losses of training are finite; only validation shows it."""
    best, ema = tmp_path / "best.keras", EMAWeights()
    best.write_bytes(b"good")
    bias = model.get_layer("heatmaps").bias
    ruin = keras.callbacks.LambdaCallback(
        on_test_begin=lambda logs: bias.assign(np.full(16, np.inf))
    )
    validation = {"validation_data": (IMAGES, labels)}
    savers = [ema, BestCheckpoint(best, ema)]
    fit(model, labels, ruin, *savers, **validation)
    assert not has_finite_weights(model) and best.read_bytes() == b"good"
    bias.assign(np.zeros(16))
    with pytest.raises(
        NonFiniteError, match="val_loss is (inf|nan) at the end of epoch 1"
    ):
        fit(model, labels, RaiseOnNaN(), ruin, **validation)


def test_a_long_batch_is_named_in_part():
    callback = RaiseOnNaN(lambda epoch, batch: range(100))
    with pytest.raises(
        NonFiniteError, match="batch: 0, 1, 2, 3, 4, 5, 6, 7 and 92 more$"
    ):
        callback.on_train_batch_end(0, {"loss": float("inf")})


def test_flat_heatmaps_are_warned_about_once_and_high_ones_are_not(
    model, labels, caplog
):
    head = model.get_layer("heatmaps")
    head.kernel.assign(np.zeros(head.kernel.shape))
    kwargs = {"rate": 0.0, "validation_data": (IMAGES, labels)}
    fit(model, labels, FlatHeatmapWarning(), epochs=2, **kwargs)
    assert len(caplog.messages) == 1
    assert "their peaks are 0.000 high" in caplog.messages[0]
    head.bias.assign(np.full(16, 0.1))
    fit(model, labels, FlatHeatmapWarning(), **kwargs)
    assert len(caplog.messages) == 1
    fit(model, labels, FlatHeatmapWarning(0.2), rate=0.0)
    assert len(caplog.messages) == 2  # also without validation


def test_batches_without_a_labeled_joint_are_counted(model, labels, caplog):
    fit(model, labels, UnlabelledBatchWarning())
    assert caplog.messages == []
    validation = {"validation_data": (IMAGES, labels.copy())}
    labels[1:, :, 2] = 0
    fit(model, labels, UnlabelledBatchWarning(), **validation)
    (line,) = caplog.messages
    assert "2 batches of epoch 1 had not one labeled" in line


def test_validation_far_below_training_is_warned_about(model, labels, caplog):
    far = labels + np.float32([0, 0, 0, -98.999])  # nothing is correct
    for validated in (labels, far):
        data = {"validation_data": (IMAGES, validated)}
        fit(model, labels, ValidationGapWarning(), **data)
    (line,) = caplog.messages
    assert "val_pckh is 0.0 where pckh is 100.0" in line and "overfitting" in line


def test_validation_is_compared_while_training_rises(caplog):
    """Not below 10 %; after a recovery, there may be another warning."""
    callback = ValidationGapWarning()
    counts = []
    for pckh, validated in [(8, 1), (30, 20), (25, 5), (40, 5), (50, 6), (60, 50)]:
        callback.on_epoch_end(0, {"pckh": pckh, "val_pckh": validated})
        counts.append(len(caplog.messages))
    callback.on_epoch_end(0, {"pckh": 70, "val_pckh": 9})
    assert counts == [0, 0, 0, 1, 1, 1] and len(caplog.messages) == 2


def test_a_fit_that_goes_well_is_not_warned_about(model, labels, caplog):
    model.get_layer("heatmaps").bias.assign(np.full(16, 0.1))
    data = {"validation_data": (IMAGES, labels)}
    fit(model, labels, *diagnostic_callbacks(), rate=0.0, **data)
    assert caplog.messages == []


def people(seconds):
    """Eight people whose images take so long to read."""

    def read(image):
        time.sleep(seconds)
        return np.zeros((40, 40, 3), "uint8")

    row = {"image": "a", "joints": [[20, 20]], "weights": [1], "reader": read}
    return from_rows(Skeleton(("nose",)), [{**row, "center": [20, 20], "side": 30}] * 8)


class SlowSteps(keras.callbacks.Callback):
    """Steps of a tenth of a second."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.1)


@pytest.mark.parametrize("seconds, waits", [(0.6, True), (0.0, False)])
def test_the_share_of_time_that_steps_wait_for_data_is_logged_and_warned_about(
    seconds, waits, caplog
):
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(4))
    model.add(keras.layers.Reshape((1, 4)))
    model.compile("sgd", "mse", run_eagerly=True)
    loader = batches.make_loader(Preprocessor(people(seconds), (32, 32), (8, 8)))
    sampler = EpochSampler([8], 2)
    dataset, waited = batches.training_batches(loader, sampler)
    timer = InputStallTimer(waited)
    history = model.fit(
        dataset,
        epochs=3,
        steps_per_epoch=sampler.steps,
        shuffle=False,
        verbose=0,
        callbacks=[timer] if waits else [timer, SlowSteps()],
    ).history
    shares = history["data_wait"]
    assert len(shares) == 3 and all(0 <= share <= 1 for share in shares)
    # Two at a time: a step has to wait for most of what reading its two people takes.
    assert (shares[-1] > 0.4) if waits else (shares[-1] < 0.1)
    assert len(caplog.messages) == waits
    assert all("data prepare" in line for line in caplog.messages)
