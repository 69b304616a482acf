"""`hourglass-keras benchmark predict`: from files to keypoints, part by part."""

import json
import time

import click

from keras_hourglass_cli.options import with_old_names
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.options.inference import inference_options, runtime_option
from keras_hourglass_cli.terminal.console import print_table, silence_keras

IMAGE_SIZE = (1280, 720)  # width and height of most of MPII's photographs
SYNTHETIC_COUNT = 16  # different images, where none is given


RENAMED = {"looks": "passes"}  # since 0.1


@click.command(context_settings=with_old_names(RENAMED))
@click.argument("images", metavar="[IMAGE]...", nargs=-1, type=click.Path())
@click.option(
    "--model",
    help="A .keras file, the folder of a run, a preset, or what `export` wrote.  "
    "[default: photo]",
)
@click.option(
    "--passes",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Passes over each image: the first over all of it.",
)
@inference_options
@runtime_option
@click.option(
    "--people",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="People of a round.",
)
@json_option
def command(images, model, passes, people, as_json, **options):
    """People per second from files to keypoints, and the network's share of the time.

    One person of each IMAGE is estimated; without any, JPEGs of 1280 x 720 pixels are
    drawn. Images are read while the network runs, so that the parts, each timed on
    its own, add up to more than the whole.
    """
    silence_keras()
    from keras_hourglass.inference.estimator import PoseEstimator

    model = {} if model is None else {"model": model}
    estimator = PoseEstimator(**model, passes=passes, detector=None, **options)
    images = images or [synthetic_photo(number) for number in range(SYNTHETIC_COUNT)]
    images = [images[number % len(images)] for number in range(people)]
    result = measure(estimator, images)
    if as_json:
        click.echo(json.dumps(result))
        return
    rows = [
        ("people per second", f"{result['people_per_second']:.1f}"),
        ("share of the network", f"{result['share_of_network']:.1%}"),
        *((f"  {k}", f"{v:.2f} ms") for k, v in result["milliseconds"].items()),
    ]
    print_table(("", ""), rows)


def measure(estimator, images, rounds: int = 3, clock=time.perf_counter) -> dict:
    """Times one person of each image, estimated without a box.

    The parts are measured by turns, so that other work on the machine slows them all.

    Args:
        estimator: A `PoseEstimator`.
        images: A list of images of equal cost, best a multiple of the batch size.
        rounds: Of all parts, after a first that is not timed.
        clock: A function that gives seconds.

    Returns:
        "people_per_second" from files to keypoints; "share_of_network": seconds that
        the network takes alone for as many batches, of the whole; "milliseconds" of a
        person: of the "whole", and of its parts on their own, "read and first window"
        (in one thread, as others run beside the network), "network", "decode". An
        exported network decodes itself, unless there is more to average.
    """
    import numpy as np

    from keras_hourglass.inference.views import ViewBuilder

    size = estimator.batch_size
    builder = ViewBuilder(estimator.input_size, estimator.scales)
    # Each person is seen at every scale, and mirrored.
    views = len(estimator.scales) * (1 + estimator.flip)
    shape = size * views, *estimator.input_size[::-1], 3
    run, decode = network_and_decoder(estimator)
    batch = np.zeros(shape, "float32" if estimator.runtime == "keras" else "uint8")
    heatmaps = run(batch)
    batches = range(estimator.passes * -(-len(images) // size))
    parts = {
        "whole": lambda: estimator(images),
        "read and first window": lambda: [
            builder.initial((number, (image, None)))
            for number, image in enumerate(images)
        ],
        "network": lambda: [run(batch) for _ in batches],
        "decode": lambda: [decode(heatmaps) for _ in batches],
    }
    seconds = dict.fromkeys(parts, 0.0)
    for count in range(rounds + 1):
        for name, part in parts.items():
            started = clock()
            part()
            seconds[name] += (clock() - started) * (count > 0)
    people = rounds * len(images)
    return {
        "people_per_second": people / seconds["whole"],
        "share_of_network": seconds["network"] / seconds["whole"],
        "milliseconds": {name: 1000 * s / people for name, s in seconds.items()},
    }


def network_and_decoder(estimator):
    """Returns the network of an estimator and its decoder, a function of its output."""
    from keras_hourglass.inference.runtimes import RUNTIMES

    if estimator.runtime == "keras":
        model, count = estimator.model, estimator.batch_size
        decode = decoding_model(estimator.decoder).predict_on_batch
        return model.predict_on_batch, lambda outputs: decode(outputs[:count, -1])
    predictor = RUNTIMES[estimator.runtime].make_predictor(
        estimator.model, estimator.flip, estimator.scales, estimator.decoder
    )
    if predictor.decodes_itself:
        return predictor.run, lambda outputs: None
    return predictor.run, lambda outputs: predictor.average.decode(outputs["heatmaps"])


def decoding_model(decoder: str):
    """A Keras model that only decodes, compiled as it is behind a network."""
    import keras

    from keras_hourglass.heatmaps.decode import decode

    class Decoding(keras.Model):
        def build(self, input_shape):
            """Makes no weights."""

        def call(self, heatmaps):
            return decode(heatmaps, decoder=decoder)

    return Decoding()


def synthetic_photo(number: int) -> bytes:
    """A JPEG of a drawn person, as large as a photograph."""
    import cv2

    from keras_hourglass.data.datasets.synthetic.scene import draw_image
    from keras_hourglass.visualization.images import encode_image

    pixels = cv2.resize(
        draw_image(0, number)[0], IMAGE_SIZE, interpolation=cv2.INTER_CUBIC
    )
    return encode_image(pixels, ".jpg")
