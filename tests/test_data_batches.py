"""`People.batches` as `fit` and a `DataLoader` take them."""

import pickle
from contextlib import suppress

import keras
import numpy as np
import pytest
from keras import ops

from keras_hourglass import Augmentation, People, StackedHourglass
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.skeletons import COCO, MPII, Skeleton

BACKEND = keras.backend.backend()
SIZE = 32
STEPS_PER_EXECUTION = [1] if BACKEND == "torch" else [1, 2]  # Keras has no others


@pytest.fixture
def train(drawn):
    return drawn.split("train")  # twelve people


def order(people, epoch, seed=3, batch_size=5):
    """Labels of an epoch, one after another, made without any dataset."""
    sampler = EpochSampler([len(people)], batch_size, seed=seed, drop_last=False)
    preprocessor = Preprocessor(people, (SIZE,) * 2, (8, 8), Augmentation(), seed)
    places = [sampler.at(epoch * len(people) + i) for i in range(len(people))]
    rows, params = [row for _, row in places], preprocessor.sample_params(places)
    return preprocessor.labels(rows, params)


def batches(people, **changes):
    options = {"batch_size": 5, "augmentation": "paper", "shuffle": True, "seed": 3}
    return people.batches(SIZE, **{**options, **changes})


def taken(dataset):
    return np.concatenate([np.asarray(labels) for _, labels in dataset])


class Recorder:
    """A small model, and the labels of every step of its training."""

    def __init__(self, **compiling):
        self.labels = []
        layers = keras.layers
        self.model = keras.Sequential(
            [layers.GlobalAveragePooling2D(), layers.Dense(1, name="dense")]
        )
        compiling = {"loss": self._listen, "run_eagerly": True, **compiling}
        self.model.compile("sgd", **compiling)

    def _listen(self, labels, predicted):
        with suppress(Exception):  # where Keras asks for shapes there are no values
            self.labels.append(ops.convert_to_numpy(labels))
        return ops.mean(predicted)

    def fit(self, dataset, **options):
        self.labels.clear()
        self.model.fit(dataset, verbose=0, **options)
        return np.concatenate(self.labels)


def test_the_kind_of_dataset_is_that_of_the_backend_and_its_length_is_known(train):
    dataset = batches(train)
    assert len(dataset) == 3
    if BACKEND == "tensorflow":
        import tensorflow as tf

        assert isinstance(dataset, tf.data.Dataset)
        assert int(dataset.cardinality()) == 3
    else:
        assert isinstance(dataset, keras.utils.PyDataset)


@pytest.mark.parametrize("steps_per_execution", STEPS_PER_EXECUTION)
@pytest.mark.parametrize("validation", [{}, {"validation_freq": 2}, {"freq": 1}])
def test_fit_gets_every_epoch_once_whatever_keras_takes_before(
    train, drawn, validation, steps_per_execution
):
    recorder = Recorder(steps_per_execution=steps_per_execution)
    options = {}
    if validation:
        options["validation_data"] = batches(
            drawn.split("val"), augmentation=None, shuffle=False
        )
        options["validation_freq"] = validation.get("validation_freq", 1)
    labels = recorder.fit(batches(train), epochs=3, **options)
    validated = {1: (0, 1, 2), 2: (1,)}.get(options.get("validation_freq"), ())
    rows = iter(labels)
    for epoch in range(3):
        part = [next(rows) for _ in range(12)]
        np.testing.assert_array_equal(part, order(train, epoch))
        if epoch in validated:
            [next(rows) for _ in range(5)]
    assert next(rows, None) is None


@pytest.mark.parametrize("steps_per_execution", STEPS_PER_EXECUTION)
def test_a_compiled_step_gets_every_epoch_once(train, steps_per_execution):
    def mean_of_labels(labels, predicted):
        return ops.mean(labels, axis=(1, 2)) + 0 * ops.mean(predicted)

    model = Recorder(
        loss=mean_of_labels,
        run_eagerly=False,
        steps_per_execution=steps_per_execution,
    ).model
    history = model.fit(batches(train), epochs=3, verbose=0).history
    expected = [order(train, epoch).mean() for epoch in range(3)]
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)


def test_a_second_fit_goes_on_with_the_next_epoch(train):
    recorder, dataset = Recorder(), batches(train)
    for epoch in range(3):
        np.testing.assert_array_equal(recorder.fit(dataset), order(train, epoch))


def test_epochs_count_from_the_first_one(train):
    dataset = batches(train, first_epoch=4)
    labels = Recorder().fit(dataset, initial_epoch=4, epochs=6)
    np.testing.assert_array_equal(labels[:12], order(train, 4))
    np.testing.assert_array_equal(labels[12:], order(train, 5))


def test_taking_some_batches_begins_no_epoch(train):
    dataset = batches(train)
    for _ in range(3):
        np.testing.assert_array_equal(next(iter(dataset))[1], order(train, 0)[:5])
    iterator = iter(dataset)
    next(iterator), next(iterator)
    np.testing.assert_array_equal(taken(dataset), order(train, 0))
    np.testing.assert_array_equal(taken(dataset), order(train, 1))


def test_an_epoch_of_one_batch_is_an_epoch(train):
    labels = Recorder().fit(batches(train, batch_size=50), epochs=3)
    expected = [order(train, epoch, batch_size=50) for epoch in range(3)]
    np.testing.assert_array_equal(labels, np.concatenate(expected))


def test_without_shuffling_people_come_in_order_and_the_last_batch_is_smaller(train):
    dataset = train.batches((48, SIZE), 5)
    for _ in range(2):
        parts = [*dataset]
        assert [len(images) for images, _ in parts] == [5, 5, 2]
        assert parts[0][0].shape == (5, 48, SIZE, 3) and parts[0][0].dtype == "uint8"
        labels = np.concatenate([np.asarray(labels) for _, labels in parts])
        plain = Preprocessor(train, (SIZE, 48), (8, 12))
        places = [(0, row) for row in range(12)]
        expected = plain.labels(range(12), plain.sample_params(places))
        np.testing.assert_array_equal(labels, expected)


def test_augmentation_changes_every_epoch_in_order_too(train):
    dataset = batches(train, shuffle=False)
    first, second = taken(dataset), taken(dataset)
    assert (first != second).any() and first.shape == second.shape


def test_people_are_converted_to_the_models_skeleton_and_size(train, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    small = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1}
    model = StackedHourglass(image_size=(32, 24), skeleton="coco", **small)
    images, labels = next(iter(train.batches(model, 4)))
    assert images.shape == (4, 32, 24, 3) and labels.shape == (4, 17, 4)
    weights = np.asarray(labels)[..., 2]
    shoulder, nose = COCO.indices(["left_shoulder", "nose"])
    assert weights[:, shoulder].all() and not weights[:, nose].any()
    assert "nose" in caplog.text and "left_shoulder" not in caplog.text


def test_people_without_a_joint_of_the_model_are_left_out_with_a_warning(caplog):
    row = {"image": "a", "center": [5, 5], "side": 9, "joints": [[1, 2], [3, 4]]}
    row["reader"] = read_black
    arms = Skeleton(("left_wrist", "right_wrist", "nose"))
    rows = [
        {**row, "joints": [*row["joints"], [5, 6]], "weights": weights}
        for weights in ([1, 0, 0], [0, 0, 1], [1, 1, 1])
    ]
    small = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1}
    model = StackedHourglass(image_size=32, skeleton=MPII, **small)
    people = from_rows(arms, rows)
    assert len(next(iter(people.batches(model)))[0]) == 2
    assert "1 of 3 people" in caplog.text
    with pytest.raises(ValueError, match="none of the joints"):
        people[[1]].batches(model)


def read_black(image):
    return np.zeros((9, 9, 3), "uint8")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": 62}, "multiples of 4. Received: model=62"),
        ({"model": "photo"}, "must be a `StackedHourglass`"),
        ({"augmentation": "moden"}, "Did you mean 'modern'"),
        ({"backend": "pytorch"}, "Did you mean 'torch'"),
        ({"batch_size": 0}, "a positive integer. Received: batch_size=0"),
        ({"broken": "ignore"}, "`broken` must be one of"),
        ({"first_epoch": -1}, "first_epoch=-1"),
    ],
)
def test_arguments_that_cannot_be_are_refused(train, changes, message):
    with pytest.raises(ValueError, match=message):
        train.batches(**{"model": SIZE, **changes})


def test_no_people_have_no_batches(train):
    with pytest.raises(ValueError, match="one or more people"):
        train[:0].batches(SIZE)


def test_torch_samples_have_the_same_order_and_epochs(train):
    pytest.importorskip("torch")
    samples = batches(train, backend="torch", first_epoch=1)
    assert len(samples) == 12
    for epoch in (1, 0, 2):
        samples.set_epoch(epoch)
        labels = np.stack([label.numpy() for _, label in samples])
        np.testing.assert_array_equal(labels, order(train, epoch))
    image, label = samples[-1]
    assert image.shape == (SIZE, SIZE, 3) and str(image.dtype) == "torch.uint8"
    np.testing.assert_array_equal(label, order(train, 2)[-1])
    with pytest.raises(IndexError):
        samples[12]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_makes_batches_of_torch_samples(train, workers):
    torch = pytest.importorskip("torch")
    samples = batches(train, backend="torch")
    options = {"num_workers": workers, "persistent_workers": workers > 0}
    if workers:
        options["multiprocessing_context"] = "spawn"
    loader = torch.utils.data.DataLoader(samples, batch_size=5, **options)
    for epoch in range(2):
        samples.set_epoch(epoch)
        np.testing.assert_array_equal(taken(loader), order(train, epoch))


def test_people_and_their_keras_dataset_can_be_pickled(train):
    copy = pickle.loads(pickle.dumps(train))
    assert isinstance(copy, People) and copy.skeleton == train.skeleton
    np.testing.assert_array_equal(copy.joints, train.joints)
    dataset = batches(train, backend="jax")
    dataset[0]
    again = pickle.loads(pickle.dumps(dataset))
    for one, other in zip(again[1], dataset[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_datasets_of_all_backends_have_the_same_samples(train):
    pytest.importorskip("tensorflow")
    pytest.importorskip("torch")
    keras_ones = taken(batches(train, backend="jax"))
    np.testing.assert_array_equal(
        keras_ones, taken(batches(train, backend="tensorflow"))
    )
    torch_ones = [label.numpy() for _, label in batches(train, backend="torch")]
    np.testing.assert_array_equal(keras_ones, torch_ones)
