"""`hourglass-keras benchmark predict`: from pictures to joints, part by part."""

import json
from inspect import signature

import click
import cv2

from keras_hourglass.data.synthetic import draw
from keras_hourglass.predict import PoseEstimator, speed
from keras_hourglass_cli.seeing import seeing_options
from keras_hourglass_cli.sources import json_option

OWN = signature(PoseEstimator).parameters
SIZE, DRAWN = (1280, 720), 16  # most of MPII's photographs; how many differ


@click.command()
@click.argument("pictures", metavar="[PICTURE]...", nargs=-1, type=click.Path())
@click.option("--model", default=OWN["model"].default, show_default=True)
@click.option(
    "--looks",
    type=click.IntRange(1),
    default=OWN["looks"].default,
    show_default=True,
    help="At each picture.",
)
@seeing_options
@click.option("--people", type=click.IntRange(1), default=64, show_default=True)
@json_option
def predict(pictures, model, looks, people, as_json, **seeing):
    """People per second from files to joints, and the network's share of the time.

    One person of each PICTURE is looked for; without any, JPEGs of 1280 x 720 pixels
    are drawn. Pictures are read while the network is at work, so that the parts, each
    timed alone, add up to more than the whole.
    """
    estimator = PoseEstimator(model, looks=looks, **seeing)
    pictures = pictures or [photograph(number) for number in range(DRAWN)]
    pictures = [pictures[number % len(pictures)] for number in range(people)]
    result = speed.measure(estimator, pictures)
    click.echo(json.dumps(result) if as_json else table(result))


def photograph(number: int) -> bytes:
    """A JPEG of a drawn person, as large as a photograph."""
    pixels = cv2.resize(draw(0, number)[0], SIZE, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


def table(result) -> str:
    """The rate, the share, and the parts, each alone."""
    times = result["milliseconds"]
    return "\n".join(
        [
            f"{'people per second':28}{result['people_per_second']:10.1f}",
            f"{'share of the network':28}{result['share_of_network']:10.1%}",
            *(f"  {name:26}{value:10.2f} ms" for name, value in times.items()),
        ]
    )
