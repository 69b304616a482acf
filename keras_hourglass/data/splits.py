"""Train and validation splits: by mark, or by photograph where nothing is marked."""

from dataclasses import replace

import numpy as np

from keras_hourglass.data.readers.subsets import SPLITS
from keras_hourglass.utils import suggest


def select_split(people, name: str):
    """Selects the people that are marked as of a split, see `People.split`."""
    if name not in SPLITS:
        raise ValueError(
            f"`name` must be 'train', 'val' or 'test'. {suggest(name, SPLITS)} "
            f"Received: name={name!r}"
        )
    marked = people.splits == name
    if not marked.any():
        advice = "; split them with `train, val = people.split(val_share=0.1)`"
        raise ValueError(
            f"no person is marked {name!r} in {people!r}"
            + (advice if name == "val" else "")
        )
    return people[marked]


def split_by_photograph(people, val_share: float, seed: int):
    """Splits people at random, all of a photograph alike, see `People.split`."""
    if marked := int((people.splits == "val").sum()):
        raise ValueError(
            f"`val_share` is for people without marks, but {marked:,} are marked "
            "'val': use `people.split('train')` and `people.split('val')`"
        )
    people = people[people.splits == "train"]
    photograph, count = _photographs(people)
    if not 0 < val_share < 1 or count < 2:
        raise ValueError(
            "`val_share` must lie between 0 and 1, and the people be on two or more "
            f"photographs. Received: val_share={val_share}, {count} photographs"
        )
    order = np.random.default_rng(seed).permutation(count)
    held_out = order[: min(max(1, round(val_share * count)), count - 1)]
    people = _mark(people, np.isin(photograph, held_out))
    return people[people.splits == "train"], people[people.splits == "val"]


def hold_out_every(people, step: int):
    """Marks one of every `step` photographs for validation, with all its people.

    People of "test" are neither counted nor marked.
    """
    is_train = people.splits == "train"
    photograph, count = _photographs(people[is_train])
    held_out = np.zeros(len(people), bool)
    held_out[is_train] = photograph % step == min(step, count) - 1
    return _mark(people, held_out)


def _photographs(people):
    """The index of each person's photograph, and the number of photographs."""
    names, index = np.unique(people.photographs.astype(str), return_inverse=True)
    return index, len(names)


def _mark(people, held_out):
    splits = np.where(held_out, "val", people.splits).astype(object)
    return replace(people, splits=splits)
