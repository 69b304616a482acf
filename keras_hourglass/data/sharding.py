"""Who of a batch is read where, when several devices train one network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """The part of every batch that one process reads.

    Attributes:
        process: Which one, from 0.
        processes: How many there are.
        devices: Of all processes together: each has equally many people of a batch.
    """

    process: int = 0
    processes: int = 1
    devices: int = 1

    def of(self, places: list) -> list:
        """This process's part of a batch, filled up at the end with None."""
        places = [*places, *[None] * (-len(places) % self.devices)]
        length = len(places) // self.processes
        return places[self.process * length :][:length]

    def filled(self, count: int) -> int:
        """How many so many people are, with those None that fill up the last batch."""
        return count - count % -self.devices


WHOLE_BATCH = Shard()
