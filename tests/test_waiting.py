import time

import keras
import numpy as np
import pytest

from keras_hourglass.callbacks.diagnostics import InputStallTimer
from keras_hourglass.data import batches
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.skeletons import Skeleton


def people(seconds):
    """Eight people, for each of whose pictures one has to wait."""

    def read(picture):
        time.sleep(seconds)
        return np.zeros((40, 40, 3), "uint8")

    row = {"image": "a", "joints": [[20, 20]], "weights": [1], "reader": read}
    return from_rows(Skeleton(("nose",)), [{**row, "center": [20, 20], "side": 30}] * 8)


class Slow(keras.callbacks.Callback):
    """Steps that take a while."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.1)


@pytest.mark.parametrize("seconds, waits", [(0.6, True), (0.0, False)])
def test_the_share_of_time_spent_waiting_is_logged_and_above_a_tenth_there_is_advice(
    seconds, waits
):
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(4))
    model.add(keras.layers.Reshape((1, 4)))
    model.compile("sgd", "mse", run_eagerly=True)
    sampler, lines = Preprocessor(people(seconds), (32, 32), (8, 8)), []
    stream = EpochSampler([8], 2)
    dataset, waited = batches.training_batches(batches.make_loader(sampler), stream)
    wait = InputStallTimer(waited, lines.append)
    history = model.fit(
        dataset,
        epochs=3,
        steps_per_epoch=stream.steps,
        shuffle=False,
        verbose=0,
        callbacks=[wait] if waits else [wait, Slow()],
    ).history
    shares = history["data_wait"]
    assert len(shares) == 3 and all(0 <= share <= 1 for share in shares)
    # Two at a time: a step has to wait for most of what reading its two people takes.
    assert (shares[-1] > 0.4) if waits else (shares[-1] < 0.1)
    assert f"{shares[-1]:.1%}" in lines[-2 if waits else -1]
    advised = sum("data prepare" in line for line in lines)
    assert advised == sum(share > 0.1 for share in shares)
