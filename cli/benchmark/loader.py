"""Where the time of a batch goes: each stage of the loader, and its limit.

`hourglass-keras benchmark loader`: from files to samples, stage by stage.
"""

import json
import os
import time

import click

from keras_hourglass.data.augmentation import AUGMENTATIONS
from keras_hourglass.data.batches import make_loader, training_batches
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.mixture import load_mixture
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.models.stacked_hourglass import STRIDE
from keras_hourglass.skeletons import MPII
from keras_hourglass_cli.dataset_options import json_option, source_options

# What is timed -> the stage that it is. `batch` is all that is in no other stage.
LOADING = {"load_batch": "batch", "read_region": "decode", "read_bytes": "read"}
SAMPLING = {
    **{"sample_params": "view", "crop": "warp"},
    **{"augment_pixels": "color", "labels": "label"},
}
STAGES = ("view", "read", "decode", "warp", "color", "label", "batch")


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


def measure_stages(loader: Loader, batches) -> dict[str, float]:
    """Seconds per person of each of `STAGES`, in one thread.

    Calls what training calls, which itself is not slowed down.

    Args:
        loader: What to time.
        batches: Of (epoch, index) pairs.
    """
    watch = Stopwatch()
    sampler = watch.watching(Preprocessor, SAMPLING)(**vars(loader.preprocessor))
    kind = watch.watching(Loader, LOADING)
    watched = kind(sampler, loader.broken, loader.read_window)
    people = sum(len(watched.load_batch(batch)[0]) for batch in batches)
    return {stage: seconds / people for stage, seconds in watch.seconds.items()}


def measure_reading(loader: Loader, batches) -> float:
    """Seconds per person to read and decode alone, as no loader could do without."""
    asked = [
        (index, loader.preprocessor.sample_params([(epoch, index)])[0].window)
        for batch in batches
        for epoch, index in batch
    ]
    begun = time.thread_time()
    for index, window in asked:
        loader.read_region(index, window)
    return (time.thread_time() - begun) / len(asked)


SAMPLE = 512  # people, whose stages are timed one after another


@click.command()
@source_options(required=True)
@click.option("--image-size", type=int, default=256, show_default=True)
@click.option("--people", type=click.IntRange(1), default=1000, show_default=True)
@json_option
def loader_command(source, image_size, people, as_json):
    """People per second from files to augmented samples, as training gets them.

    Files that are missing are left out, and the first pass over those that are there
    is not timed: the disk is not what is measured. "Per core" is per second of work
    of one core, whatever else runs on the machine. Beside it, the time of each stage
    in one thread, and how many people per second would be read and decoded if there
    were nothing else to do: the limit.
    """
    mixture = load_mixture([source], MPII, missing="skip")
    size = (image_size,) * 2, (image_size // STRIDE,) * 2
    augmentation = AUGMENTATIONS["modern"]
    made = make_loader(Preprocessor(mixture.train, *size, augmentation))
    stream = EpochSampler(mixture.counts, batch_size=min(16, people, mixture.counts[0]))
    count = -(-people // stream.batch_size)
    result = {"dataset": source.name, "people": count * stream.batch_size}
    result |= _measure_all(made, stream, count)
    batches = [stream.batch(i) for i in range(min(count, SAMPLE // stream.batch_size))]
    result["bare_decode_per_second_per_core"] = 1 / measure_reading(made, batches)
    seconds = measure_stages(made, batches)
    result["milliseconds"] = {name: 1000 * value for name, value in seconds.items()}
    result["bottleneck"] = max(seconds, key=seconds.get)
    click.echo(json.dumps(result) if as_json else _table(result))


def _measure_all(made, stream, count):
    """Rates of the loader as training uses it."""
    batches = iter(training_batches(made, stream)[0])
    for _ in range(min(stream.steps, count)):
        next(batches)
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(count):
        next(batches)
    wall, work = time.perf_counter() - started, time.process_time() - worked
    people = count * stream.batch_size
    return {
        "cores": os.cpu_count(),
        "people_per_second": people / wall,
        "people_per_second_per_core": people / work,
    }


def _table(result):
    """Rates, then the stages with their shares, then the slowest of them."""
    times = result["milliseconds"]
    whole = sum(times.values())
    lines = [f"{'dataset':36}{result['dataset']:>10}"]
    for name, value in result.items():
        if isinstance(value, (int, float)):
            lines.append(f"{name.replace('_', ' '):36}{value:10,.0f}")
    for name, value in times.items():
        lines.append(f"  {name:34}{value:10.2f} ms {value / whole:6.0%}")
    slowest = result["bottleneck"]
    share = f"{times[slowest] / whole:.0%}"
    lines.append(f"The bottleneck is {slowest}: {share} of the time of a person.")
    return "\n".join(lines)
