"""Sharding: the part of every batch that one process reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """The part of every batch that one process reads.

    Attributes:
        process: Index of the process, from 0.
        processes: Number of processes.
        devices: Number of devices of all processes together; each gets equally many
            people of a batch.
    """

    process: int = 0
    processes: int = 1
    devices: int = 1

    def select(self, places: list) -> list:
        """Selects this process's part of a batch, padded at the end with None."""
        places = [*places, *[None] * (-len(places) % self.devices)]
        length = len(places) // self.processes
        return places[self.process * length :][:length]

    def padded_count(self, count: int) -> int:
        """Counts people together with the padding of their last batch."""
        return count - count % -self.devices


WHOLE_BATCH = Shard()
