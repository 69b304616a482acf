"""Checkpoints, the moving average and the best network."""

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, StackedHourglass
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.training.runs.checkpoint import BestCheckpoint

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (4, 32, 32, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (4, 16, 2)), np.ones((4, 16, 1)), np.full((4, 16, 1), 2)], -1
).astype("float32")


@pytest.fixture
def model(eager):
    network = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1}
    network["block"] = "tests>PointwiseBlock"
    model = StackedHourglass(image_size=32, **network)
    optimizer = keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, HeatmapLoss(), metrics=[PCKh()])
    return model


def fit(model, *callbacks, epochs=2, **kwargs):
    data = {"validation_data": (IMAGES, LABELS), "batch_size": 2, "verbose": 0}
    kwargs = {**data, **kwargs}
    return model.fit(IMAGES, LABELS, epochs=epochs, callbacks=[*callbacks], **kwargs)


def test_averaged_weights_are_validated_and_the_others_come_back_to_the_last_bit(model):
    ema, weights = EMAWeights(), {}

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weights["raw"] = self.model.get_weights()

        def on_test_batch_end(self, batch, logs=None):
            weights["tested"] = self.model.get_weights()

        def on_epoch_end(self, epoch, logs=None):
            weights["after"] = self.model.get_weights()

    fit(model, ema, Recorder(), epochs=1)
    assert any(np.any(a != b) for a, b in zip(weights["raw"], weights["tested"]))
    for a, b in zip(weights["raw"], weights["after"]):
        np.testing.assert_array_equal(a, b)


def test_the_average_is_the_average(model):
    """With momentum 0.5, after two steps: half of the first, half of the second."""
    ema, steps = EMAWeights(), []

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(stem_weight(self.model))

        def on_epoch_end(self, epoch, logs=None):
            steps.append(stem_weight(ema.network()))

    def stem_weight(model):
        kernel = model.get_layer("stem_convolution").kernel
        return keras.ops.convert_to_numpy(kernel).copy()

    fit(model, ema, Recorder(), epochs=1)
    first, second, average = steps
    np.testing.assert_allclose(average, (first + second) / 2, atol=1e-6)


def test_the_best_epoch_is_kept_and_a_worse_one_is_not(model, tmp_path):
    path, ema = tmp_path / "best.keras", EMAWeights()
    checkpoint = BestCheckpoint(path, ema, monitor="score")
    fit(model, ema, epochs=1)
    for callback in (ema, checkpoint):
        callback.set_model(model)
    checkpoint.on_epoch_end(0, {"score": 5.0})
    first = path.read_bytes()
    checkpoint.on_epoch_end(1, {"score": 4.0})
    assert path.read_bytes() == first and checkpoint.best == 5
    checkpoint.on_epoch_end(2, {"score": 6.0})
    assert checkpoint.best == 6
    again = keras.models.load_model(path)
    assert not again.compiled and type(again) is StackedHourglass
    for a, b in zip(again.get_weights(), ema.network().get_weights()):
        np.testing.assert_array_equal(a, b)
