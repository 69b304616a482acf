"""`hourglass-keras benchmark loader`: from files to samples, stage by stage."""

import json
import os
import time

import click

from keras_hourglass_cli.benchmark.stopwatch import Stopwatch
from keras_hourglass_cli.options.datasets import json_option, source_options
from keras_hourglass_cli.terminal.console import print_table, start_keras

STAGES = ("window", "read", "decode", "warp", "color", "label")
MAX_STAGED = 512  # people, whose stages are timed one after another


@click.command()
@source_options(required=True)
@click.option(
    "--image-size",
    type=click.IntRange(4),
    default=256,
    show_default=True,
    help="Pixels of a side.",
)
@click.option(
    "--people", type=click.IntRange(1), default=1000, show_default=True, help="To load."
)
@json_option
def command(source, image_size, people, as_json):
    """People per second from files to augmented samples, as in training.

    Missing files are left out, and a first pass over the others is not timed, so that
    the disk is not measured. "Per core" is per second of work of one core, whatever
    else runs on the machine. Beside it, the time of each stage in one thread, and the
    rate if a person took no more than reading and decoding: the limit.
    """
    start_keras()
    from keras_hourglass.data.augmentation import AUGMENTATIONS
    from keras_hourglass.data.people.mixture import load_mixture, load_people
    from keras_hourglass.data.pipeline.batches import make_loader
    from keras_hourglass.data.pipeline.preprocessing import Preprocessor
    from keras_hourglass.data.pipeline.sampler import EpochSampler
    from keras_hourglass.models.config import STRIDE

    given = {source[:2]: load_people(source, "skip")}
    skeleton = given[source[:2]].skeleton
    mixture = load_mixture([source], skeleton, missing="skip", given=given)
    sizes = (image_size,) * 2, (image_size // STRIDE,) * 2
    augmentation = AUGMENTATIONS["modern"]
    loader = make_loader(Preprocessor(mixture.train, *sizes, augmentation))
    sampler = EpochSampler(mixture.counts, min(16, people, mixture.counts[0]))
    size, count = sampler.batch_size, -(-people // sampler.batch_size)
    batches = [sampler.batch(i) for i in range(max(1, min(count, MAX_STAGED // size)))]
    result = {"dataset": source.name, "people": count * size}
    result |= measure_rates(loader, sampler, count)
    seconds = measure_stages(loader, batches)
    limit = 1 / (seconds["read"] + seconds["decode"])
    result["bare_decode_per_second_per_core"] = limit
    result["milliseconds"] = {name: 1000 * value for name, value in seconds.items()}
    result["bottleneck"] = max(seconds, key=seconds.get)
    if as_json:
        click.echo(json.dumps(result))
    else:
        print_result(result)


def measure_rates(loader, sampler, count: int) -> dict:
    """People per second of the loader, as training uses it.

    Args:
        loader: A `Loader`.
        sampler: An `EpochSampler`.
        count: Batches to time, after as many, at most an epoch, that are not.
    """
    from keras_hourglass.data.pipeline.batches import training_batches

    batches = iter(training_batches(loader, sampler)[0])
    for _ in range(min(sampler.steps, count)):
        next(batches)
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(count):
        next(batches)
    wall, work = time.perf_counter() - started, time.process_time() - worked
    people = count * sampler.batch_size
    return {
        "cores": os.cpu_count(),
        "people_per_second": people / wall,
        "people_per_second_per_core": people / work,
    }


def measure_stages(loader, batches) -> dict[str, float]:
    """Seconds per person of each of `STAGES`, in one thread.

    Calls what `Loader.load_batch` calls, in its order.

    Args:
        loader: A `Loader`.
        batches: Lists of (epoch, index) pairs.
    """
    watch, preprocessor = Stopwatch(STAGES), loader.preprocessor
    for batch in batches:
        with watch.time("window"):
            params = preprocessor.sample_params(batch)
        rows = [index for _, index in batch]
        with watch.time("label"):
            preprocessor.labels(rows, params)
        for row, p in zip(rows, params):
            region, occluder = _read(loader, row, p.window, watch), None
            if p.occluder:
                occluder = _read(loader, p.occluder.index, p.occluder.window, watch)
            with watch.time("warp"):
                image = preprocessor.crop(region, p)
            with watch.time("color"):
                preprocessor.augment_pixels(image, p, occluder)
    people = sum(map(len, batches))
    return {stage: seconds / people for stage, seconds in watch.seconds.items()}


def _read(loader, index, window, watch):
    """Reads and decodes the pixels under a window, as `Loader.read_region` does."""
    from keras_hourglass.data.images.decoding import whole_region

    people = loader.preprocessor.dataset
    path, reader = people.images[index], people.readers[index]
    if reader is not None:
        with watch.time("decode"):
            return whole_region(reader(path))
    with watch.time("read"):
        data = loader.read_bytes(path)
    with watch.time("decode"):
        return loader.read_window(path, window, loader.preprocessor.image_size, data)


def print_result(result):
    """Prints rates, then the stages with their shares, then the slowest of them."""
    rates = {k: v for k, v in result.items() if isinstance(v, (int, float))}
    rows = [("dataset", result["dataset"])]
    rows += [(name.replace("_", " "), f"{rate:,.0f}") for name, rate in rates.items()]
    print_table(("", ""), rows)
    times = result["milliseconds"]
    whole = sum(times.values())
    print_table(
        ("stage", "ms", "share"),
        [(name, f"{ms:.2f}", f"{ms / whole:.0%}") for name, ms in times.items()],
    )
    slowest = result["bottleneck"]
    share = times[slowest] / whole
    click.echo(f"The bottleneck is {slowest}: {share:.0%} of the time of a person.")
