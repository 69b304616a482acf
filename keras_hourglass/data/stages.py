"""Where the time of a batch goes: each stage of the loader, and its limit."""

import time

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.sample import Sampler

# What is timed -> the stage that it is. `batch` is all that is in no other stage.
LOADING = {"load_batch": "batch", "read": "decode", "contents": "read"}
SAMPLING = {"views": "view", "cut": "warp", "paint": "colour", "labels": "label"}
STAGES = ("view", "read", "decode", "warp", "colour", "label", "batch")


class Stopwatch:
    """Seconds of this thread's work by stage.

    Of a stage within another, the time counts for the inner one alone.
    """

    def __init__(self):
        self.seconds = dict.fromkeys(STAGES, 0.0)

    def timing(self, stage: str, function):
        """The same function, timed."""

        def timed(*args, **kwargs):
            inner, begun = sum(self.seconds.values()), time.thread_time()
            result = function(*args, **kwargs)
            inner = sum(self.seconds.values()) - inner
            self.seconds[stage] += time.thread_time() - begun - inner
            return result

        return timed

    def watching(self, kind: type, stages: dict[str, str]) -> type:
        """The same class, with methods that are timed."""
        timed = {n: self.timing(stage, getattr(kind, n)) for n, stage in stages.items()}
        return type(kind.__name__, (kind,), timed)


def stages(loader: Loader, batches) -> dict[str, float]:
    """Seconds per person of each of `STAGES`, in one thread.

    Calls what training calls, which itself is not slowed down.

    Args:
        loader: What to time.
        batches: Of (epoch, index) pairs.
    """
    watch = Stopwatch()
    sampler = watch.watching(Sampler, SAMPLING)(**vars(loader.sampler))
    kind = watch.watching(Loader, LOADING)
    watched = kind(sampler, loader.broken, loader.read_window)
    people = sum(len(watched.load_batch(batch)[0]) for batch in batches)
    return {stage: seconds / people for stage, seconds in watch.seconds.items()}


def reading(loader: Loader, batches) -> float:
    """Seconds per person to read and decode alone, as no loader could do without."""
    asked = [
        (index, loader.sampler.view(index, epoch).window)
        for batch in batches
        for epoch, index in batch
    ]
    begun = time.thread_time()
    for index, window in asked:
        loader.read(index, window)
    return (time.thread_time() - begun) / len(asked)
