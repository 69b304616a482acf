"""`hourglass-keras benchmark`: the speed of each part, measured on its own."""

import click

from keras_hourglass_cli.main import LazyGroup

COMMANDS = {
    "detector": "From photographs to the poses of everyone.",
    "loader": "From files to samples, stage by stage.",
    "model": "Size, speed and memory of presets, in each runtime.",
    "network": "Training and inference of presets, without a loader.",
    "predict": "From files to keypoints, part by part.",
    "tracking": "Identity switches in drawn videos.",
}


@click.group(cls=LazyGroup, package=__name__, commands_help=COMMANDS)
def command():
    """Measure the parts of the library, each on its own."""
