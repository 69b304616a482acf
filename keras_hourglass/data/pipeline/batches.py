"""Batches for `fit`: a `tf.data` pipeline on TensorFlow, a `PyDataset` elsewhere."""

import logging

import keras

from keras_hourglass.data import augmentation as augmentations
from keras_hourglass.data.detection import augmentation as box_augmentations
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.detection.preprocessing import PhotographPreprocessor
from keras_hourglass.data.people import People
from keras_hourglass.data.people.joint_notes import lacking_notes, unlabeled_notes
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.pydataset import PeopleDataset
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.data.pipeline.sharding import WHOLE_BATCH, Shard
from keras_hourglass.models.config import (
    STRIDE,
    is_integer,
    validate_positive_integers,
)
from keras_hourglass.utils import suggest

logger = logging.getLogger(__name__)
BACKENDS = ("tensorflow", "jax", "torch")


def make_batches(
    people: People,
    model,
    batch_size: int,
    augmentation,
    shuffle: bool,
    seed: int,
    first_epoch: int,
    backend: str | None,
    broken: str,
):
    """Makes a finite dataset of people, see `People.batches`."""
    _validate(people, batch_size, first_epoch, backend)
    sizes = _sizes(model, "pose", "`StackedHourglass`")
    people = _convert(people, getattr(model, "skeleton", people.skeleton))
    preprocessor = Preprocessor(people, *sizes, augmentations.get(augmentation), seed)
    return _serve(preprocessor, batch_size, shuffle, first_epoch, backend, broken)


def make_box_batches(
    photographs: Photographs,
    model,
    batch_size: int,
    augmentation,
    shuffle: bool,
    seed: int,
    first_epoch: int,
    backend: str | None,
    broken: str,
):
    """Makes a finite dataset of photographs, see `Photographs.batches`."""
    _validate(photographs, batch_size, first_epoch, backend)
    sizes = _sizes(model, "detect", "`PersonDetector`")
    augmentation = box_augmentations.get(augmentation)
    preprocessor = PhotographPreprocessor(photographs, *sizes, augmentation, seed)
    return _serve(preprocessor, batch_size, shuffle, first_epoch, backend, broken)


def _validate(dataset, batch_size, first_epoch, backend):
    """Checks arguments that people and photographs share."""
    if backend is not None and backend not in BACKENDS:
        raise ValueError(
            f"`backend` must be a backend's name. {suggest(backend, BACKENDS)} "
            f"Received: backend={backend!r}"
        )
    validate_positive_integers(batch_size=batch_size)
    if not is_integer(first_epoch) or first_epoch < 0:
        raise ValueError(
            f"`first_epoch` must be an integer, 0 or above. Received: {first_epoch=}"
        )
    if not len(dataset):
        name = dataset.unit[1]
        raise ValueError(f"`{name}` must be one or more {name}. Received: none")


def _serve(preprocessor, batch_size, shuffle, first_epoch, backend, broken):
    """Makes the dataset of a backend from what makes the samples."""
    loader = make_loader(preprocessor, broken, backend)
    counts, seed = [len(preprocessor.dataset)], preprocessor.seed
    sampler = EpochSampler(
        counts, batch_size, seed=seed, shuffle=shuffle, drop_last=False
    )
    if backend == "torch":
        from keras_hourglass.data.pipeline.torch_data import TorchPeople

        return TorchPeople(loader, sampler, first_epoch)
    same_epochs = preprocessor.augmentation is None and not shuffle
    if (backend or keras.backend.backend()) == "tensorflow":
        from keras_hourglass.data.pipeline import tf_data

        if same_epochs:
            return tf_data.validation_dataset(loader, batch_size)
        return tf_data.epoch_dataset(loader, sampler, first_epoch)
    if same_epochs:
        return PeopleDataset(loader, batch_size)
    first_batch = first_epoch * sampler.steps
    return PeopleDataset(loader, batch_size, sampler, first_batch)


def make_loader(
    preprocessor: Preprocessor, broken: str = "error", backend: str | None = None
) -> Loader:
    """Makes the loader with the fastest reader of a backend."""
    if (backend or keras.backend.backend()) != "tensorflow":
        return Loader(preprocessor, broken)
    from keras_hourglass.data.pipeline import tf_data

    return Loader(preprocessor, broken, tf_data.read_window)


def training_batches(
    loader: Loader,
    sampler: EpochSampler,
    first_batch: int = 0,
    shard: Shard = WHOLE_BATCH,
):
    """Makes the endless batches of a sampler; `sampler.steps` of them are an epoch.

    Args:
        loader: Makes samples.
        sampler: Order of people.
        first_batch: Batch to begin with, counted from the sampler's first.
        shard: Part of each batch that this process reads.

    Returns:
        The dataset, and a function that returns the seconds for which steps have
        waited for batches; None in its place where that cannot be measured.
    """
    if keras.backend.backend() != "tensorflow":
        batch_size = sampler.batch_size
        dataset = PeopleDataset(loader, batch_size, sampler, first_batch, shard)
        return dataset, lambda: dataset.waited
    from keras_hourglass.data.pipeline import tf_data

    if shard.devices > 1:  # their batches are taken ahead, by threads that always wait
        return tf_data.training_dataset(loader, sampler, first_batch), None
    return tf_data.measure_wait(tf_data.training_dataset(loader, sampler, first_batch))


def validation_batches(loader: Loader, batch_size: int, shard: Shard = WHOLE_BATCH):
    """Makes batches of all people once, in order; or a process's part of them."""
    if keras.backend.backend() != "tensorflow":
        return PeopleDataset(loader, batch_size, shard=shard)
    from keras_hourglass.data.pipeline import tf_data

    return tf_data.validation_dataset(loader, batch_size, shard)


def _sizes(model, task, kind):
    """Image size and heatmap size, (width, height), of a network or of numbers.

    Args:
        model: The network, or its image size.
        task: That the network must have.
        kind: Of those networks, for the message.
    """
    if hasattr(model, "image_size") and getattr(model, "task", task) == task:
        height, width = model.image_size
        return (width, height), tuple(model.heatmap_size)
    sides = (model, model) if is_integer(model) else model
    try:
        height, width = sides
        fits = all(is_integer(n) and n > 0 and n % STRIDE == 0 for n in sides)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f"`model` must be a {kind}, or an image size in pixels, an "
            f"integer or (height, width), multiples of {STRIDE}. "
            f"Received: model={model!r}"
        )
    return (width, height), (width // STRIDE, height // STRIDE)


def _convert(people, skeleton):
    """Converts people to a skeleton, and logs what that leaves out."""
    converted = people.trainable_on(skeleton)
    for note in converted.notes[len(people.notes) :]:
        logger.warning(note)
    if people.skeleton != skeleton:
        for note in lacking_notes(people, skeleton) + unlabeled_notes(converted):
            logger.info(note)
    return converted
