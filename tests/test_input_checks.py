"""Images and labels that do not fit are refused before the first step."""

from itertools import repeat

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, StackedHourglass, load_dataset

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (6, 16, 24, 3), "uint8")
LABELS = np.ones((6, 16, 4), "float32")
SCALED = IMAGES.astype("float32") / 255


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    size = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (16, 24)}
    model = StackedHourglass(stacks=1, **size)
    model.compile(
        "sgd", HeatmapLoss(), run_eagerly=keras.backend.backend() != "jax"
    )  # for so small a network, compiling takes longer
    return model


class Batches(keras.utils.PyDataset):
    """Three batches of two, which records what is read."""

    def __init__(self, images, labels):
        super().__init__()
        self.images, self.labels, self.indices = images, labels, []

    @property
    def num_batches(self):
        return 3

    def __getitem__(self, index):
        self.indices.append(index)
        rows = slice(2 * index, 2 * index + 2)
        return self.images[rows], self.labels[rows]


def tf_dataset(images, labels):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(2)


def generator(images, labels):
    return ((images[i : i + 2], labels[i : i + 2]) for i in (0, 2, 4))


SOURCES = pytest.mark.parametrize(
    "source",
    [lambda *arrays: arrays, Batches, tf_dataset, generator],
    ids=["arrays", "pydataset", "tf_data", "generator"],
)


def run(method, source, images, labels):
    data = source(images, labels)
    return method(*data, verbose=0) if isinstance(data, tuple) else method(data)


@SOURCES
@pytest.mark.parametrize(
    "images, labels, message",
    [
        (IMAGES[:, :, :16], LABELS, r"`x` must be images of shape \(batch, 16, 24, 3"),
        (IMAGES[..., :1], LABELS, r"by the `image_size` of the model.*, 16, 24, 1\)"),
        (IMAGES, LABELS[..., :3], r"`y` must be labels of shape \(batch, 16, 4\)"),
        (IMAGES, LABELS[:, :14], r"each of the 16 joints.*Received: shape=\(.*, 14, 4"),
    ],
    ids=["size", "channels", "values", "joints"],
)
def test_shapes_that_do_not_fit_are_refused(model, source, images, labels, message):
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=message):
            run(method, source, images, labels)


@SOURCES
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_images_from_0_to_1_are_refused_where_values_can_be_read_twice(
    model, source, dtype
):
    images = SCALED.astype(dtype)
    if source is generator:
        run(model.evaluate, source, images, LABELS)
        return
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="multiply them by 255.*from 0 to 1"):
            run(method, source, images, LABELS)


@SOURCES
@pytest.mark.parametrize("images", [IMAGES, 255 * SCALED, 0 * SCALED])
def test_images_from_0_to_255_and_black_ones_are_accepted(model, source, images):
    run(model.fit, source, images, LABELS)
    run(model.evaluate, source, images, LABELS)


@pytest.mark.parametrize("source", [Batches, tf_dataset, generator])
def test_validation_data_are_checked_before_the_first_step(model, source):
    before = model.get_weights()
    data = source(IMAGES, LABELS[:, :2])
    with pytest.raises(ValueError, match="must be labels of shape"):
        model.fit(IMAGES, LABELS, validation_data=data, verbose=0)
    with pytest.raises(ValueError, match="multiply them by 255"):
        model.fit(IMAGES, LABELS, validation_data=(SCALED, LABELS), verbose=0)
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)


def test_a_generator_keeps_its_first_batch(model):
    taken = []

    def batches():
        for first in (0, 2, 4):
            taken.append(first)
            yield IMAGES[first : first + 2], LABELS[first : first + 2]

    class Count(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1

    count = Count()
    model.fit(batches(), verbose=0, callbacks=[count])
    assert taken == [0, 2, 4] and count.steps == 3


def test_a_dataset_is_read_from_its_first_batch_on(model):
    dataset = Batches(IMAGES, LABELS)
    model.evaluate(dataset, verbose=0)
    assert dataset.indices[-3:] == [0, 1, 2]


def test_endless_datasets_are_checked_by_shapes_alone(model):
    tf = pytest.importorskip("tensorflow")
    batches = repeat((SCALED[:2], LABELS[:2]))
    signature = tuple(tf.TensorSpec((None, *a.shape[1:])) for a in (SCALED, LABELS))
    dataset = tf.data.Dataset.from_generator(
        lambda: batches, output_signature=signature
    )
    model.fit(dataset, steps_per_epoch=2, verbose=0)
    signature = (tf.TensorSpec((None, 16, 24, 3)), tf.TensorSpec(None))
    unknown = tf.data.Dataset.from_generator(
        lambda: batches, output_signature=signature
    )
    model.evaluate(unknown, steps=1, verbose=0)


def test_sample_weights_and_inputs_by_name_are_understood(model):
    weights = np.ones(6)
    model.fit({"images": IMAGES}, LABELS, sample_weight=weights, verbose=0)
    model.fit(
        IMAGES,
        LABELS,
        validation_data=(IMAGES, LABELS, weights),
        batch_size=3,
        verbose=0,
    )
    with pytest.raises(ValueError, match="must be images of shape"):
        model.fit({"images": IMAGES[:, :8]}, LABELS, verbose=0)


def test_people_and_images_without_labels_are_refused(model):
    people = load_dataset("synthetic:2")
    with pytest.raises(ValueError, match=r"`people.batches\(model\)` makes them"):
        model.fit(people)
    with pytest.raises(ValueError, match="`y` must be given"):
        model.fit(np.zeros((2, *model.image_size, 3), "float32"))


def test_other_losses_have_targets_of_their_own():
    size = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (16, 24)}
    model = StackedHourglass(stacks=1, **size)
    model.compile("sgd", "mse", run_eagerly=keras.backend.backend() != "jax")
    heatmaps = np.zeros((6, *model.output_shape[1:]), "float32")
    history = model.fit(IMAGES, heatmaps, batch_size=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    with pytest.raises(ValueError, match="must be images of shape"):
        model.fit(IMAGES[:, :8], heatmaps, verbose=0)
