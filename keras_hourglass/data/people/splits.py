"""Train and validation splits: by mark, or by photograph where nothing is marked."""

from dataclasses import replace

import numpy as np

from keras_hourglass.data.readers.subsets import SPLITS
from keras_hourglass.utils import plural, suggest


def split_dataset(people, name: str | None, val_share: float | None, seed: int):
    """Selects one split, or splits what is not marked, see `People.split`."""
    if (name is None) == (val_share is None):
        raise ValueError(
            "`split` takes either a name, 'train' or 'val', or `val_share`. "
            f"Received: name={name!r}, val_share={val_share}"
        )
    if name is None:
        return _split_by_photograph(people, val_share, seed)
    return _select_split(people, name)


def _select_split(people, name):
    if name not in SPLITS:
        raise ValueError(
            f"`name` must be 'train', 'val' or 'test'. {suggest(name, SPLITS)} "
            f"Received: name={name!r}"
        )
    marked = people.splits == name
    if not marked.any():
        advice = "; split them with `train, val = people.split(val_share=0.1)`"
        raise ValueError(
            f"no {people.unit[0]} is marked {name!r} in {people!r}"
            + (advice if name == "val" else "")
        )
    return people[marked]


def _split_by_photograph(people, val_share, seed):
    """Splits people at random, all of a photograph alike."""
    if marked := int((people.splits == "val").sum()):
        raise ValueError(
            f"`val_share` is for {people.unit[1]} without marks, but {marked:,} are "
            "marked 'val': use `people.split('train')` and `people.split('val')`"
        )
    people = people[people.splits == "train"]
    photograph, count = _photographs(people)
    if not 0 < val_share < 1 or count < 2:
        raise ValueError(
            "`val_share` must lie between 0 and 1, and the data be of two or more "
            f"photographs. Received: val_share={val_share}, {count} photographs"
        )
    order = np.random.default_rng(seed).permutation(count)
    held_out = order[: min(max(1, round(val_share * count)), count - 1)]
    people = mark_validation(people, np.isin(photograph, held_out))
    return people[people.splits == "train"], people[people.splits == "val"]


def hold_out(people, val_share: float):
    """Marks a share of the photographs for validation, with all their people.

    They are spread evenly over the sorted names: of 0.05, every 20th, and of 0.1, every
    10th, among which those are, if there are 20 or more. People of "test" are neither
    counted nor marked. A dataset of one photograph is left as it is.
    """
    is_train = people.splits == "train"
    photograph, count = _photographs(people[is_train])
    if count < 2:
        return people
    before = np.floor(np.arange(count + 1) * val_share + 1e-9)  # of rounding errors
    chosen = np.diff(before) > 0
    chosen[-1] |= not chosen.any()
    held_out = np.zeros(len(people), bool)
    held_out[is_train] = chosen[photograph]
    return mark_validation(people, held_out)


def hold_out_share(people, val_share: float):
    """Marks the share that an option asks for, and notes that.

    Raises:
        ValueError: If the share does not lie between 0 and 1.
    """
    if not isinstance(val_share, (int, float)) or not 0 < val_share < 1:
        raise ValueError(
            f"`val_share` must lie between 0 and 1. Received: val_share={val_share!r}"
        )
    one, many = people.unit
    if marked := int((people.splits == "val").sum()):
        return people.with_notes(
            f"{plural(marked, f'{one} is', f'{many} are')} marked for validation: "
            "`val_share` holds out no others"
        )
    held = hold_out(people, val_share)
    count = int((held.splits == "val").sum())
    return held.with_notes(
        f"{count:,} of {len(people):,} {many} are held out for validation, all people "
        "of a photograph alike"
    )


def _photographs(people):
    """The index of each person's photograph, and the number of photographs."""
    names, index = np.unique(people.photographs.astype(str), return_inverse=True)
    return index, len(names)


def mark_validation(people, held_out):
    """Marks people for validation: `held_out` is a mask, or True for all."""
    splits = np.where(held_out, "val", people.splits).astype(object)
    return replace(people, splits=splits)
