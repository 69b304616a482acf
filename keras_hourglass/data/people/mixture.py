"""Mixtures: several datasets as one, with training people, shares and validation."""

from dataclasses import dataclass
from os.path import abspath

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.spec import DatasetSpec
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.people.joint_notes import lacking_notes
from keras_hourglass.data.people.splits import (
    hold_out,
    hold_out_share,
    mark_validation,
)
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import Skeleton

__all__ = ["DatasetSpec", "Mixture", "load_mixture", "load_validation"]

HELD_OUT = 20  # one photograph of so many validates, where no dataset marks any
HELD_OUT_NOTE = "no {} is marked for validation: every {}th photograph is held out"
ONE_PHOTOGRAPH = (
    "one photograph alone: its people are trained and validated on, so that scores do "
    "not tell of other photographs"
)


@dataclass(frozen=True)
class Mixture:
    """People of several datasets, with one skeleton; or photographs, for detection.

    Attributes:
        train: The training people, or `Photographs`, dataset after dataset.
        counts: Training people of each dataset.
        shares: Share of each dataset's people that take part in an epoch.
        validation: Name of a dataset -> its validation people. The first decides
            which weights are best.
        notes: Sentences for the user.
    """

    train: People | Photographs
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    validation: dict[str, People | Photographs]
    notes: tuple[str, ...]


def load_mixture(
    specs: list[DatasetSpec],
    skeleton: Skeleton,
    missing: str = "error",
    given: dict[tuple, People] | None = None,
) -> Mixture:
    """Loads datasets and separates training from validation people.

    Args:
        specs: Datasets to load.
        skeleton: Joints to train; those that a dataset lacks get weight 0.
        missing: Image files that do not exist, see `load_dataset`.
        given: Name and root of a specification -> `People`, in place of loading it.

    Raises:
        DatasetError: If a dataset cannot be loaded, has no joint of the skeleton, or
            has no people to train on.
    """
    parts = [
        _load_for_skeleton(spec, skeleton, missing, (given or {}).get(spec[:2]))
        for spec in specs
    ]
    return mix(specs, parts, concatenate)


def mix(specs: list[DatasetSpec], parts: list, concatenate) -> Mixture:
    """Separates training from validation in several datasets.

    Args:
        specs: Specification of each.
        parts: People or photographs of each.
        concatenate: Function that joins some of them.

    Raises:
        DatasetError: If a folder is named twice, or a dataset has nothing to train on,
            or with a share of 0 nothing to validate on.
    """
    if len({spec[:2] for spec in specs}) < len(specs):
        raise DatasetError("`dataset` must name each folder once")
    parts = [_without_test(people, spec.name) for spec, people in zip(specs, parts)]
    held_out = []
    if not any(map(_has_validation, parts)):
        if all(spec.share for spec in specs):
            parts = [hold_out(people, 1 / HELD_OUT) for people in parts]
            held_out = [_held_out_note(parts)]
        else:  # to validate is all that a share of 0 is for
            parts = [
                people if spec.share else mark_validation(people, True)
                for spec, people in zip(specs, parts)
            ]
    parts = _without_validated(specs, parts)
    notes = [note for people in parts for note in people.notes] + held_out
    train = []
    for spec, people in zip(specs, parts):
        use, split = ("train on", "train") if spec.share else ("validate on", "val")
        chosen = people[people.splits == split]
        if not len(chosen):
            reasons = f"{spec.name} has no {people.unit[1]} to {use}", *people.notes
            raise DatasetError("; ".join(reasons))
        if spec.share:
            train.append(chosen)
    if not train:
        names = ", ".join(spec.name for spec in specs)
        raise DatasetError(
            "`dataset` must name one to train on, of a share above 0. "
            f"Received: {names}, of share 0"
        )
    validation = {}
    for spec, people in zip(specs, parts):
        people = people[people.splits == "val"]
        if len(people):
            name = spec.name if spec.name not in validation else str(spec.root)
            validation[name] = people
    if not validation:
        validation[specs[0].name] = train[0]
    counts = tuple(map(len, train))
    shares = tuple(spec.share for spec in specs if spec.share)
    return Mixture(concatenate(train), counts, shares, validation, tuple(notes))


def load_people(spec: DatasetSpec, missing: str = "error") -> People:
    """Loads the people of a specification, and holds none out; see `load_dataset`."""
    options = spec._replace(val_share=None).options
    return datasets.load_dataset(spec.name, spec.root, missing=missing, **options)


def load_validation(
    spec: DatasetSpec,
    skeleton: Skeleton,
    missing: str = "error",
    include_train: bool = False,
) -> People:
    """Loads the validation people of one dataset, as `load_mixture` chooses them.

    A dataset of test people alone gives these.

    Args:
        spec: The dataset.
        skeleton: Joints to evaluate.
        missing: Image files that do not exist, see `load_dataset`.
        include_train: Whether training people are evaluated, too.

    Raises:
        DatasetError: If the dataset cannot be loaded, or has no joint of the
            skeleton.
    """
    people = _load_for_skeleton(spec, skeleton, missing)
    return choose_validation(people, spec.name, include_train)


def choose_validation(people, name: str, include_train: bool = False):
    """Chooses the people, or the photographs, to evaluate; see `load_validation`."""
    if include_train or (people.splits == "test").all():
        return people
    people = _without_test(people, name)
    if not _has_validation(people):
        people = hold_out(people, 1 / HELD_OUT)
        people = people.with_notes(_held_out_note([people]))
    return people[people.splits == "val"] if _has_validation(people) else people


def _has_validation(people):
    return (people.splits == "val").any()


def _held_out_note(parts):
    held = sum(int((people.splits == "val").sum()) for people in parts)
    total = sum(map(len, parts))
    one, many = parts[0].unit
    note = f"{HELD_OUT_NOTE.format(one, HELD_OUT)}, {held:,} of {total:,} {many}"
    return note if held else ONE_PHOTOGRAPH


def _without_test(people, name):
    """Leaves out the people of test sets, with a note."""
    is_test, many = people.splits == "test", people.unit[1]
    if not is_test.any():
        return people
    return people[~is_test].with_notes(
        f"{is_test.sum():,} of {len(people):,} {many} of {name} are of a test set, by "
        "`split` or the name of a file or folder: left out"
    )


def _without_validated(specs, parts) -> list:
    """Leaves out training people of photographs that others validate on, with notes.

    Some files mark people, not photographs; several may list the same images.
    """
    keys = [_photograph_keys(spec, people) for spec, people in zip(specs, parts)]
    validated = {
        key
        for people, own in zip(parts, keys)
        for key, split in zip(own, people.splits)
        if split == "val"
    }
    kept = []
    for spec, people, own in zip(specs, parts, keys):
        pairs = zip(own, people.splits)
        keep = [key not in validated or split == "val" for key, split in pairs]
        if left_out := keep.count(False):
            note = (
                f"{left_out:,} of {len(people):,} {people.unit[1]} of {spec.name} are "
                "in photographs that are validated on, and are not trained on"
            )
            people = people[keep].with_notes(note)
        kept.append(people)
    return kept


def _photograph_keys(spec, people) -> list[tuple]:
    """Lists a key of each person's photograph, the same in every dataset of it."""
    columns = people.photographs, people.images, people.readers
    return [
        ("", abspath(photograph))
        if reader is None and photograph == image
        else (*spec[:2], str(photograph))  # of a crop, or of one file's images
        for photograph, image, reader in zip(*columns)
    ]


def _load_for_skeleton(spec, skeleton, missing, people=None):
    if people is None:
        people = load_people(spec, missing)
    if spec.val_share is not None:
        people = hold_out_share(people, spec.val_share)
    people = people.with_notes(*lacking_notes(people, skeleton, spec.name))
    try:
        return people.trainable_on(skeleton, spec.name)
    except ValueError as error:
        raise DatasetError(str(error)) from None
