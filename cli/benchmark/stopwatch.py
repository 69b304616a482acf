"""The clock of all benchmarks."""

import time
from contextlib import contextmanager


def seconds_of(function) -> float:
    """The time that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


class Stopwatch:
    """Seconds of stages, added up.

    Args:
        stages: Their names.
        clock: A function that gives seconds: of this thread's work, by default.
    """

    def __init__(self, stages, clock=time.thread_time):
        self.seconds = dict.fromkeys(stages, 0.0)
        self.clock = clock

    @contextmanager
    def time(self, stage: str):
        """Adds the time of a block to a stage."""
        started = self.clock()
        try:
            yield
        finally:
            self.seconds[stage] += self.clock() - started
