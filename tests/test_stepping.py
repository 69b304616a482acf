"""What TensorFlow prepares before the first step of a network."""

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, StackedHourglass

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2, "image_size": 32}
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), "uint8")
LABELS = np.ones((6, 16, 4), "float32")


def made(**compiling):
    keras.utils.set_random_seed(1)
    model = StackedHourglass(**TINY)
    model.compile("adam", HeatmapLoss(), **compiling)
    return model


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others prepare nothing like it"
)
@pytest.mark.parametrize("learn", ["fit", "evaluate", "train_on_batch"])
def test_a_step_is_traced_once_and_within_no_other_function(learn, monkeypatch):
    import tensorflow as tf

    name, around = "test_step" if learn == "evaluate" else "train_step", []

    def step(self, data):
        around.append(tf.compat.v1.get_default_graph().outer_graph)
        return getattr(keras.Model, name)(self, data)

    monkeypatch.setattr(StackedHourglass, name, step, raising=False)
    getattr(made(), learn)(IMAGES, LABELS)
    assert len(around) == 1
    assert not around[0].building_function


@pytest.mark.parametrize("steps", [1, 2])
def test_fit_sees_all_batches_of_every_epoch(steps):
    if steps > 1 and keras.backend.backend() == "torch":
        pytest.skip("PyTorch takes one step at a time")
    seen = []
    shown = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    model = made(steps_per_execution=steps)
    model.fit(
        *(IMAGES, LABELS, 2, 2),
        validation_data=(IMAGES[:5], LABELS[:5]),
        callbacks=[shown],
        verbose=0,
    )
    assert len(seen) == 2 * -(-3 // steps)
    assert model.optimizer.iterations == 6


def test_fit_learns_what_single_batches_teach():
    fitted, taught = made(), made()
    fitted.fit(IMAGES, LABELS, 2, shuffle=False, verbose=0)
    for first in (0, 2, 4):
        taught.train_on_batch(IMAGES[first : first + 2], LABELS[first : first + 2])
    for one, other in zip(fitted.get_weights(), taught.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-6)
