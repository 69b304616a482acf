"""Options of how a network looks at people, which several subcommands have."""

import click

from keras_hourglass.heatmaps import DECODER_NAMES, DEFAULT_DECODER

OPTIONS = [
    click.option("--flip", is_flag=True, help="Look at everybody mirrored, too."),
    click.option(
        "--decoder",
        type=click.Choice(DECODER_NAMES),
        default=DEFAULT_DECODER,
        show_default=True,
        help="How joints are read from heatmaps.",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1),
        default=8,
        show_default=True,
        help="People that the network sees at once; on a GPU, more are quicker.",
    ),
]


def inference_options(command):
    """Adds `flip`, `decoder` and `batch_size`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
