"""Who comes when: the order of the people, epoch by epoch, from one seed."""

from functools import lru_cache

import numpy as np


class EpochSampler:
    """Every epoch's people in an order of its own, some datasets by a share of theirs.

    Position -> (epoch, index) is a pure function, so that threads may ask in any
    order, and a resumed run sees what an unbroken one would have seen.

    Args:
        counts: People of each dataset, which lie one after another.
        batch_size: People of a step; an epoch has only whole batches.
        shares: How many of each dataset take part in an epoch, drawn anew; above 1,
            that often.
        seed: Another seed, another order.

    Attributes:
        steps: Batches of an epoch.
    """

    def __init__(self, counts, batch_size: int, shares=None, seed: int = 0):
        self.counts, self.seed = tuple(counts), seed
        self.shares = tuple(shares or [1.0] * len(self.counts))
        taking = sum(map(_people_per_epoch, self.counts, self.shares))
        if not 1 <= batch_size <= taking:
            raise ValueError(
                f"`batch_size` must be 1 to {taking}, the people of an epoch. "
                f"Received: batch_size={batch_size}"
            )
        self.batch_size, self.steps = batch_size, taking // batch_size
        self._order = lru_cache(maxsize=3)(self._draw_order)

    def at(self, position: int) -> tuple[int, int]:
        """(epoch, index) of the sample at a position, counted from 0."""
        epoch, place = divmod(position, self.steps * self.batch_size)
        return epoch, int(self._order(epoch)[place])

    def batch(self, number: int) -> list[tuple[int, int]]:
        """(epoch, index) of the samples of a batch, counted from 0."""
        first = number * self.batch_size
        return [self.at(place) for place in range(first, first + self.batch_size)]

    def _draw_order(self, epoch):
        random = np.random.default_rng((self.seed, epoch))
        chosen, first = [], 0
        for count, share in zip(self.counts, self.shares):
            rounds = -(-_people_per_epoch(count, share) // count)
            order = np.concatenate([random.permutation(count) for _ in range(rounds)])
            chosen.append(first + order[: _people_per_epoch(count, share)])
            first += count
        return random.permutation(np.concatenate(chosen))


def _people_per_epoch(count, share):
    return max(1, round(count * share))
