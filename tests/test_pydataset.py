from contextlib import suppress

import keras
import numpy as np
import pytest
from keras import ops

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.pydataset import PeopleDataset
from keras_hourglass.data.pipeline.sampler import EpochSampler


@pytest.fixture
def loader(drawn):
    people = drawn.split("train")
    return Loader(Preprocessor(people, (24, 32), (6, 8), Augmentation(), seed=5))


def test_the_batches_of_an_epoch_are_those_of_the_sampler(loader):
    stream = EpochSampler([12], 5, seed=1)
    dataset = PeopleDataset(loader, 5, stream)
    assert dataset.num_batches == stream.steps == 2
    for batch in range(2):
        expected = loader.load_batch(stream.at(5 * batch + i) for i in range(5))
        for given, wanted in zip(dataset[batch], expected, strict=True):
            np.testing.assert_array_equal(given, wanted)


def test_without_a_sampler_people_come_in_order_and_the_last_batch_is_smaller(
    loader,
):
    dataset = PeopleDataset(loader, 5)
    assert [len(dataset[batch][0]) for batch in range(dataset.num_batches)] == [5, 5, 2]
    labels = np.concatenate([dataset[batch][1] for batch in range(3)])
    expected = loader.load_batch((0, index) for index in range(12))[1]
    np.testing.assert_array_equal(labels, expected)


@pytest.fixture
def listener():
    """A network that was never built, and the labels that it is given."""
    heard = []

    def listen(labels, predicted):
        with suppress(Exception):  # where Keras asks for shapes there are no values
            heard.append(ops.convert_to_numpy(labels))
        return ops.mean(predicted)

    layers = keras.layers
    model = keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(1)])
    model.compile("sgd", listen, run_eagerly=True)
    return model, heard


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("batch_size", [1, 4], ids=["many steps", "few steps"])
@pytest.mark.parametrize("said", [True, False], ids=["steps", "no steps"])
def test_fit_gets_the_epochs_of_the_sampler_one_after_another(
    loader, listener, said, batch_size, first
):
    model, heard = listener
    stream = EpochSampler([12], batch_size, seed=1)
    model.fit(
        PeopleDataset(loader, batch_size, stream, first_batch=first * stream.steps),
        initial_epoch=first,
        epochs=first + 2,
        steps_per_epoch=stream.steps if said else None,
        shuffle=False,
        verbose=0,
    )
    expected = loader.load_batch(map(stream.at, range(first * 12, first * 12 + 24)))[1]
    np.testing.assert_array_equal(np.concatenate(heard), expected)


def test_evaluate_gets_all_people_once_in_order(loader, listener):
    model, heard = listener
    model.evaluate(PeopleDataset(loader, 1), verbose=0)
    expected = loader.load_batch((0, index) for index in range(12))[1]
    np.testing.assert_array_equal(np.concatenate(heard), expected)


def test_a_dataset_goes_on_in_the_middle_of_an_epoch(loader, listener):
    model, heard = listener
    dataset = PeopleDataset(loader, 4, EpochSampler([12], 4, seed=1), first_batch=4)
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    places = map(EpochSampler([12], 4, seed=1).at, range(4 * 4, 10 * 4))
    expected = loader.load_batch(places)[1]
    np.testing.assert_array_equal(np.concatenate(heard), expected)
