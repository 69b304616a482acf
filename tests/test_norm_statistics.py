"""Statistics of norms that are computed anew for the averaged weights."""

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.pipeline import batches
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.training import norm_statistics
from keras_hourglass.training.norm_statistics import (
    NormStatistics,
    norms_of,
    statistics_of,
)
from keras_hourglass.training.optimizers.averages import EMAWeights

SIZE = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}


@pytest.fixture(scope="module")
def people():
    return kh.load_dataset("synthetic:40").split("train")[:40]


@pytest.fixture
def short(monkeypatch):
    """Ten batches of an epoch of 20 steps suffice."""
    monkeypatch.setattr(norm_statistics, "MIN_BATCHES", 5)
    monkeypatch.setattr(norm_statistics, "MAX_SHARE", 1 / 2)


def make_statistics(model, people):
    preprocessor = Preprocessor(people, model.input_size, model.heatmap_size)
    sampler = EpochSampler([len(people)], 2)
    return NormStatistics(batches.make_loader(preprocessor), sampler), sampler


def test_they_are_the_mean_moments_of_the_first_batches_of_the_epoch(people, short):
    keras.utils.set_random_seed(0)
    model = kh.StackedHourglass(**SIZE)
    before = model.get_weights()
    statistics, sampler = make_statistics(model, people)
    computed = statistics.compute(model, 3, [True] * len(norms_of(model)))
    first = model.get_layer("stem_convolution")
    moments = []
    for number in range(3 * sampler.steps, 3 * sampler.steps + 10):
        images, _ = statistics.make_batch(number)
        outputs = keras.Model(model.input, first.output).predict_on_batch(images)
        moments.append((outputs.mean((0, 1, 2)), outputs.var((0, 1, 2))))
    mean, variance = np.mean(moments, axis=0)
    np.testing.assert_allclose(computed[0], mean, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(computed[1], variance, rtol=1e-3)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
    again = statistics.compute(model, 3, [True] * len(norms_of(model)))
    for a, b in zip(computed, again):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_frozen_norms_keep_theirs_and_short_epochs_the_moving_ones(
    people, short, monkeypatch
):
    model = kh.StackedHourglass(**SIZE)
    statistics, _ = make_statistics(model, people)
    is_trained = [False] + [True] * (len(norms_of(model)) - 1)
    computed = statistics.compute(model, 0, is_trained)
    np.testing.assert_array_equal(computed[0], norms_of(model)[0].moving_mean)
    assert np.ptp(computed[2])
    monkeypatch.setattr(norm_statistics, "MIN_BATCHES", 11)
    assert make_statistics(model, people)[0].compute(model, 0, is_trained) is None


def test_the_averaged_network_is_validated_and_saved_with_them(people, short):
    keras.utils.set_random_seed(0)
    model = kh.StackedHourglass(**SIZE)
    statistics, _ = make_statistics(model, people)
    optimizer = keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, kh.HeatmapLoss(), metrics=[kh.PCKh()])
    ema, seen = EMAWeights(statistics), {}

    class Recorder(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen["validated"] = values(self.model)

        def on_train_batch_end(self, batch, logs=None):
            seen["moving"] = values(self.model)

        def on_epoch_end(self, epoch, logs=None):
            seen["after"] = values(self.model)
            seen["saved"] = values(ema.network())

    def values(model):
        variables = statistics_of(model)
        return [np.copy(keras.ops.convert_to_numpy(each)) for each in variables]

    data = people.batches(model, 2, shuffle=True)
    model.fit(
        data, validation_data=data, verbose=0, callbacks=[ema, Recorder()], epochs=1
    )
    for a, b, c, d in zip(*(seen[name] for name in sorted(seen))):
        np.testing.assert_array_equal(a, b)  # after, moving
        np.testing.assert_array_equal(c, d)  # saved, validated
    network = ema.network()
    expected = statistics.compute(network, 0, [True] * len(norms_of(network)))
    for a, b in zip(seen["saved"], expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert any(np.abs(a / b - 1).max() > 0.01 for a, b in zip(seen["moving"], expected))
