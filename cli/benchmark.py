"""`hourglass-keras benchmark`: how fast each part is, on its own."""

import json
import os
import time

import click

from keras_hourglass.data.augment import Augmentation
from keras_hourglass.data.mixture import mix
from keras_hourglass.data.sample import Sampler
from keras_hourglass.data.stream import Stream
from keras_hourglass.model import STRIDE
from keras_hourglass.skeleton import MPII
from keras_hourglass.training import feeding
from keras_hourglass_cli.sources import json_option, source_options


@click.group()
def command():
    """Measure the parts of the library, each on its own."""


@command.command()
@source_options(required=True)
@click.option("--image-size", type=int, default=256, show_default=True)
@click.option("--people", type=click.IntRange(1), default=1000, show_default=True)
@json_option
def loader(source, image_size, people, as_json):
    """People per second from files to augmented samples, as training gets them.

    Files that are missing are left out, and the first pass over those that are there
    is not timed: the disk is not what is measured.
    """
    mixture = mix([source], MPII, missing="skip")
    size = (image_size,) * 2, (image_size // STRIDE,) * 2
    sampler = Sampler(mixture.train, *size, Augmentation())
    stream = Stream(mixture.counts, batch_size=min(16, mixture.counts[0]))
    batches = iter(feeding.training(feeding.loader(sampler), stream)[0])
    for _ in range(min(stream.steps, -(-people // stream.batch_size))):
        next(batches)
    count = -(-people // stream.batch_size)
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(count):
        next(batches)
    wall, work = time.perf_counter() - started, time.process_time() - worked
    people = count * stream.batch_size
    result = {
        "dataset": source.name,
        "people": people,
        "cores": os.cpu_count(),
        "people_per_second": people / wall,
        "people_per_second_per_core": people / work,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        for name, value in result.items():
            click.echo(
                f"{name.replace('_', ' '):28}{value:,.0f}"
                if name != "dataset"
                else f"{name:28}{value}"
            )
