"""Epoch sampler: the order of people in each epoch, from one seed."""

from functools import lru_cache

import numpy as np


class EpochSampler:
    """Draws an order of people for each epoch, of some datasets a share of them.

    Position -> (turn, index) is a pure function, so that threads may ask in any
    order, and a resumed run gets what an uninterrupted one would have got. A person has
    turns of different numbers, by which samples are augmented in different ways: one in
    an epoch, whose number it is, or where a share is above 1, several.

    Args:
        counts: People of each dataset, which lie one after another.
        batch_size: People of a step.
        shares: Share of each dataset that takes part in an epoch, drawn anew; above
            1, that often.
        seed: Seed of the order.
        shuffle: Whether each epoch has an order of its own; else that of the rows.
        drop_last: Whether an epoch has only whole batches; else its last batch may
            be smaller.

    Attributes:
        steps: Batches of an epoch.
        length: Samples of an epoch.
        turns: Turns of a person in an epoch, at most.

    Raises:
        ValueError: If the batch size is below 1, or above the people of an epoch that
            has only whole batches.
    """

    def __init__(
        self,
        counts,
        batch_size: int,
        shares=None,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = True,
    ):
        self.counts, self.seed, self.shuffle = tuple(counts), seed, shuffle
        self.shares = tuple(shares or [1.0] * len(self.counts))
        people = people_per_epoch(self.counts, self.shares)
        largest = people if drop_last else float("inf")
        if not 1 <= batch_size <= largest:
            limits = (
                f"1 to {people}, the people of an epoch" if drop_last else "1 or above"
            )
            raise ValueError(
                f"`batch_size` must be {limits}. Received: batch_size={batch_size}"
            )
        if seed < 0:
            raise ValueError(f"`seed` must be 0 or above. Received: seed={seed}")
        self.batch_size = batch_size
        self.steps = people // batch_size if drop_last else -(-people // batch_size)
        self.length = min(people, self.steps * batch_size)
        self.turns = max(map(_turns, self.counts, self.shares))
        self._order = lru_cache(maxsize=3)(self._draw_order)

    def __getstate__(self):
        return {name: v for name, v in vars(self).items() if name != "_order"}

    def __setstate__(self, state):
        vars(self).update(state, _order=lru_cache(maxsize=3)(self._draw_order))

    def at(self, position: int) -> tuple[int, int]:
        """Returns (turn, index) of the sample at a position, counted from 0."""
        epoch, place = divmod(position, self.length)
        turn, index = self._order(epoch)[place].tolist()
        return epoch * self.turns + turn, index

    def batch(self, number: int) -> list[tuple[int, int]]:
        """Returns (turn, index) of the samples of a batch, counted from 0."""
        epoch, step = divmod(number, self.steps)
        first = epoch * self.length + step * self.batch_size
        last = min(first + self.batch_size, (epoch + 1) * self.length)
        return [self.at(place) for place in range(first, last)]

    def _draw_order(self, epoch):
        """Returns `(length, 2)`: the turn within the epoch, and the index."""
        if not self.shuffle:
            return np.stack([np.zeros(self.length, int), np.arange(self.length)], 1)
        random = np.random.default_rng((self.seed, epoch))
        chosen, first = [], 0
        for count, share in zip(self.counts, self.shares):
            orders = [random.permutation(count) for _ in range(_turns(count, share))]
            numbers = np.repeat(np.arange(len(orders)), count)
            drawn = np.stack([numbers, first + np.concatenate(orders)], axis=1)
            chosen.append(drawn[: _people_of_dataset(count, share)])
            first += count
        return random.permutation(np.concatenate(chosen))


def people_per_epoch(counts, shares) -> int:
    """Returns the people of an epoch, of all datasets."""
    return sum(map(_people_of_dataset, counts, shares))


def _people_of_dataset(count, share):
    return max(1, round(count * share))


def _turns(count, share):
    """Returns how often a person has a turn in an epoch, at most."""
    return -(-_people_of_dataset(count, share) // count)
