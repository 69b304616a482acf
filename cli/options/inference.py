"""Options of keypoint prediction that several subcommands share."""

import click

from keras_hourglass.heatmaps import DECODER_NAMES, DEFAULT_DECODER
from keras_hourglass.inference.runtimes.selection import AUTO, RUNTIME_NAMES

OPTIONS = [
    click.option(
        "--flip", is_flag=True, help="Average with the mirrored image (flip test)."
    ),
    click.option(
        "--decoder",
        type=click.Choice(DECODER_NAMES),
        default=DEFAULT_DECODER,
        show_default=True,
        help="Method that reads keypoints from heatmaps.",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1),
        default=8,
        show_default=True,
        help="People per call of the network; on a GPU, more are faster.",
    ),
]
runtime_option = click.option(
    "--runtime",
    type=click.Choice(RUNTIME_NAMES),
    default=AUTO,
    show_default=True,
    help="Program that runs the network. auto: that of an exported file; LiteRT for a "
    "preset, without an NVIDIA GPU; else Keras.",
)


def inference_options(command):
    """Adds `flip`, `decoder` and `batch_size`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
