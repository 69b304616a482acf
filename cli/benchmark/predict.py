"""Where a `PoseEstimator` spends its time: reading, network, decoding.

`hourglass-keras benchmark predict`: from pictures to joints, part by part.
"""

import json
import time
from inspect import signature

import click
import cv2
import keras
import numpy as np

from keras_hourglass.data.datasets.synthetic.drawing import draw
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.views import ViewBuilder
from keras_hourglass.visualization.images import encode_image
from keras_hourglass_cli.dataset_options import json_option
from keras_hourglass_cli.inference_options import inference_options


class Decoding(keras.Model):
    """Decoding alone, compiled as it is behind a network."""

    def __init__(self, decoder: str):
        super().__init__()
        self.decoder = decoder

    def build(self, input_shape):
        """Nothing: there are no weights."""

    def call(self, heatmaps):
        return decode(heatmaps, decoder=self.decoder)


def measure(estimator: PoseEstimator, pictures, rounds: int = 3) -> dict:
    """Times of one person of each picture, looked for without a box.

    What is measured is alternated, so that other work on the machine slows all of it.

    Args:
        estimator: Whose time it is.
        pictures: Of equal cost; a list, whose length is best a multiple of the batch.
        rounds: Of everything, after a first that is not timed.

    Returns:
        "people_per_second" from files to joints; "share_of_network": seconds that the
        network takes alone for as many batches, of the whole; "milliseconds" of a
        person: of the "whole", and of its parts each alone, "read and first window"
        (in one thread, as others are at work beside the network), "network", "decode".
    """
    model, size = estimator.model, estimator.batch_size
    looking = ViewBuilder(model.image_size[::-1], estimator.scales)
    # Each person is seen at every scale, and mirrored.
    views = len(estimator.scales) * (1 + estimator.flip)
    images = np.zeros((size * views, *model.image_size, 3), "uint8")
    heatmaps = model.predict_on_batch(images)[:size, -1]
    decoding = Decoding(estimator.decoder)
    batches = estimator.looks * -(-len(pictures) // size)

    def read():
        for numbered in enumerate(pictures):
            looking.first((numbered[0], (numbered[1], None)))

    parts = {
        "whole": lambda: estimator(pictures),
        "read and first window": read,
        "network": lambda: [model.predict_on_batch(images) for _ in range(batches)],
        "decode": lambda: [decoding.predict_on_batch(heatmaps) for _ in range(batches)],
    }
    taken = dict.fromkeys(parts, 0.0)
    for count in range(rounds + 1):
        for name, part in parts.items():
            started = time.perf_counter()
            part()
            taken[name] += (time.perf_counter() - started) * (count > 0)
    people = rounds * len(pictures)
    return {
        "people_per_second": people / taken["whole"],
        "share_of_network": taken["network"] / taken["whole"],
        "milliseconds": {name: 1000 * t / people for name, t in taken.items()},
    }


DEFAULT_INPUT = signature(PoseEstimator).parameters
SIZE, SYNTHETIC_COUNT = (1280, 720), 16  # most of MPII's photographs; how many differ


@click.command()
@click.argument("pictures", metavar="[PICTURE]...", nargs=-1, type=click.Path())
@click.option("--model", default=DEFAULT_INPUT["model"].default, show_default=True)
@click.option(
    "--looks",
    type=click.IntRange(1),
    default=DEFAULT_INPUT["looks"].default,
    show_default=True,
    help="At each picture.",
)
@inference_options
@click.option("--people", type=click.IntRange(1), default=64, show_default=True)
@json_option
def predict_command(pictures, model, looks, people, as_json, **seeing):
    """People per second from files to joints, and the network's share of the time.

    One person of each PICTURE is looked for; without any, JPEGs of 1280 x 720 pixels
    are drawn. Pictures are read while the network is at work, so that the parts, each
    timed alone, add up to more than the whole.
    """
    estimator = PoseEstimator(model, looks=looks, **seeing)
    pictures = pictures or [
        synthetic_photo(number) for number in range(SYNTHETIC_COUNT)
    ]
    pictures = [pictures[number % len(pictures)] for number in range(people)]
    result = measure(estimator, pictures)
    click.echo(json.dumps(result) if as_json else print_table(result))


def synthetic_photo(number: int) -> bytes:
    """A JPEG of a drawn person, as large as a photograph."""
    pixels = cv2.resize(draw(0, number)[0], SIZE, interpolation=cv2.INTER_CUBIC)
    return encode_image(pixels, ".jpg")


def print_table(result) -> str:
    """The rate, the share, and the parts, each alone."""
    times = result["milliseconds"]
    return "\n".join(
        [
            f"{'people per second':28}{result['people_per_second']:10.1f}",
            f"{'share of the network':28}{result['share_of_network']:10.1%}",
            *(f"  {name:26}{value:10.2f} ms" for name, value in times.items()),
        ]
    )
