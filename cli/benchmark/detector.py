"""`hourglass-keras benchmark detector`: from photographs to the poses of everyone."""

import json
import os
import time
from datetime import date

import click

from keras_hourglass.inference.detectors import DEFAULT_DETECTOR
from keras_hourglass.inference.detectors.detector import Detector
from keras_hourglass_cli.benchmark.predict import SYNTHETIC_COUNT, synthetic_photo
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.options.inference import inference_options, runtime_option
from keras_hourglass_cli.terminal.console import print_table, silence_keras

PEOPLE = 1, 5, 10  # on a photograph


@click.command()
@click.argument("images", metavar="[IMAGE]...", nargs=-1, type=click.Path())
@click.option("--model", help="Of the poses, see `predict`.  [default: photo]")
@click.option(
    "--detector",
    default=DEFAULT_DETECTOR,
    show_default=True,
    help="Detector of people, see `predict`.",
)
@inference_options
@runtime_option
@click.option(
    "--photographs",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    help="Photographs of a round.",
)
@json_option
def command(images, model, detector, photographs, as_json, **options):
    """Milliseconds per photograph: of a detector alone, and with the poses of people.

    The detector runs on each IMAGE; without any, JPEGs of 1280 x 720 pixels are drawn.
    In place of what it finds, a known number of boxes is taken, so that the times do
    not depend on the photographs. Photographs are read while the networks run.
    """
    silence_keras()
    from keras_hourglass.inference.detectors import load_detector

    detector = load_detector(detector, runtime=options["runtime"])
    options |= {} if model is None else {"model": model}
    images = images or [synthetic_photo(number) for number in range(SYNTHETIC_COUNT)]
    images = [images[number % len(images)] for number in range(photographs)]
    result = {"date": str(date.today()), "cores": os.cpu_count()}
    result |= measure(detector, images, options)
    if as_json:
        click.echo(json.dumps(result))
        return
    rows = [(name, f"{ms:.1f}") for name, ms in result["milliseconds"].items()]
    if peak := result["peak_memory"]:
        rows.append(("peak memory, MB", f"{peak / 1e6:.0f}"))
    print_table(("", "ms"), rows)


class FixedCount(Detector):
    """A detector that works as another does, but gives a fixed number of boxes.

    Args:
        detector: The other.
        count: Number of boxes: side by side, as high as the image.
    """

    def __init__(self, detector: Detector, count: int):
        super().__init__(f"{detector.name}, {count}", 0.0, count)
        self.detector, self.count = detector, count
        self.takes_batches = detector.takes_batches

    def prepare(self, region):
        return self.detector.prepare(region)

    def detect(self, inputs, min_batch: int = 1) -> list:
        return self.detector.detect(inputs, min_batch)

    def finish(self, found, region):
        import numpy as np

        self.detector.finish(found, region)
        width, height = region.size
        side = width / self.count
        boxes = [(number * side, 0, side, height) for number in range(self.count)]
        return np.array(boxes, float), np.ones(self.count)


def measure(
    detector: Detector, images, options: dict, rounds: int = 3, clock=time.perf_counter
) -> dict:
    """Times a detector, and poses of 1, 5 and 10 people, by turns.

    Args:
        detector: Of `load_detector`.
        images: A list of images.
        options: Arguments of `PoseEstimator`.
        rounds: Of all parts, after a first that is not timed.
        clock: A function that gives seconds.

    Returns:
        "milliseconds" of a photograph: "detector" alone, one photograph after another,
        and "1 person", "5 people" and "10 people" from file to poses; "peak_memory",
        bytes of the process, None if unknown.
    """
    from keras_hourglass.inference.estimator import PoseEstimator
    from keras_hourglass.inference.runtimes.measurement import peak_memory
    from keras_hourglass.utils import plural

    limits = {"min_pose_score": 0.0, "max_people": max(PEOPLE)}
    estimators = {
        plural(count, "person", "people"): PoseEstimator(
            detector=FixedCount(detector, count), **limits, **options
        )
        for count in PEOPLE
    }
    parts = {"detector": lambda: [detector(image) for image in images]}
    for name, estimator in estimators.items():
        parts[name] = lambda estimator=estimator: [*estimator.stream(images)]
    seconds = dict.fromkeys(parts, 0.0)
    for number in range(rounds + 1):
        for name, part in parts.items():
            started = clock()
            part()
            seconds[name] += (clock() - started) * (number > 0)
    count = rounds * len(images)
    return {
        "milliseconds": {name: 1000 * s / count for name, s in seconds.items()},
        "peak_memory": peak_memory(),
    }
