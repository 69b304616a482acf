"""Several datasets as one: who trains, who validates, and by which shares."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from keras_hourglass.data import datasets
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import Skeleton

HELD_OUT = 20  # of so many photographs one validates, where no dataset says which
HELD_OUT_NOTE = (
    f"nobody is marked for validation: every {HELD_OUT}th picture is held out"
)


class DatasetSpec(NamedTuple):
    """A dataset to use: its name, its folder, the share of its people per epoch."""

    name: str
    root: str | None = None
    share: float = 1.0

    @classmethod
    def parse(cls, text: str) -> "DatasetSpec":
        """Reads `NAME[:DIR][*SHARE]`.

        Raises:
            DatasetError: If the share is no positive number.
        """
        text, star, share = text.partition("*")
        name, colon, root = text.partition(":")
        try:
            source = cls(name, root if colon else None, float(share) if star else 1.0)
        except ValueError:
            source = None
        if source is None or not 0 < source.share < float("inf"):
            raise DatasetError(
                "`dataset` must be NAME[:DIR][*SHARE], SHARE above 0. "
                f"Received: {text + star + share!r}"
            )
        return source


@dataclass(frozen=True)
class Mixture:
    """People of several datasets, with one skeleton.

    Attributes:
        train: Who trains, dataset after dataset.
        counts: How many of each dataset that are.
        shares: Of each dataset, in an epoch.
        validation: Name of a dataset -> its validation people. The first decides
            which weights are best.
        notes: What the user should know.
    """

    train: People
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    validation: dict[str, People]
    notes: tuple[str, ...]


def load_mixture(
    sources: list[DatasetSpec], skeleton: Skeleton, missing="error"
) -> Mixture:
    """Loads datasets and parts training from validation people.

    Args:
        sources: What to load.
        skeleton: Whose joints to train; those that a dataset lacks get weight 0.
        missing: Of pictures; see `data.reading.pictures.without_missing`.

    Raises:
        DatasetError: If a dataset cannot be loaded, shares no joint with the
            skeleton, or nobody is left to train on.
    """
    if len({source[:2] for source in sources}) < len(sources):
        raise DatasetError("`dataset` must name each folder once")
    parts = [_load_for_skeleton(source, skeleton, missing) for source in sources]
    notes = [note for people in parts for note in people.notes]
    if not any((people.splits == "val").any() for people in parts):
        parts = [_hold_out(people) for people in parts]
        notes.append(HELD_OUT_NOTE)
    train = [people.of_split("train") for people in parts]
    for source, people in zip(sources, train):
        if not len(people):
            raise DatasetError(f"{source.name} has nobody to train on")
    validation = {}
    for source, people in zip(sources, parts):
        people = people.of_split("val")
        if len(people):
            name = source.name if source.name not in validation else str(source.root)
            validation[name] = people
    counts, shares = tuple(map(len, train)), tuple(s.share for s in sources)
    return Mixture(concatenate(train), counts, shares, validation, tuple(notes))


def load_validation(
    source: DatasetSpec, skeleton: Skeleton, missing="error", everybody: bool = False
) -> People:
    """The people of one dataset to judge a network on, as `mix` would choose them.

    Args:
        source: The dataset.
        skeleton: Whose joints to judge.
        missing: Of pictures; see `data.reading.pictures.without_missing`.
        everybody: Whether those are judged, too, who are there to train on.

    Raises:
        DatasetError: If the dataset cannot be loaded, or shares no joint with the
            skeleton.
    """
    people = _load_for_skeleton(source, skeleton, missing)
    if everybody:
        return people
    if not (people.splits == "val").any():
        people = _hold_out(people).with_notes(HELD_OUT_NOTE)
    return people.of_split("val")


def _load_for_skeleton(source, skeleton, missing):
    people = datasets.load_dataset(source.name, source.root, missing).to_skeleton(
        skeleton
    )
    useful = people.weights.any(axis=1)
    if not useful.any():
        raise DatasetError(f"{source.name} has none of the joints {skeleton.joints}")
    if useful.all():
        return people
    return people.take(useful).with_notes(
        f"{(~useful).sum():,} of {len(people):,} people of {source.name} have none of "
        "the joints to train: left out"
    )


def _hold_out(people):
    """The people with every so many photographs turned into validation."""
    _, photograph = np.unique(people.images.astype(str), return_inverse=True)
    held = photograph % HELD_OUT == min(HELD_OUT, photograph.max() + 1) - 1
    return replace(people, splits=np.where(held, "val", people.splits))
