"""`hourglass-keras convert`: PyTorch checkpoints to networks, and back."""

from pathlib import Path

import click

from keras_hourglass.models.config import NETWORK_DEFAULTS
from keras_hourglass_cli.options.skeletons import SkeletonType
from keras_hourglass_cli.options.training import network_option, only_typed
from keras_hourglass_cli.terminal.console import start_keras


@click.command()
@click.argument("source")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@network_option("--image-size")
@click.option(
    "--offset",
    type=(float, float),
    metavar="X Y",
    show_default=" ".join(map(str, NETWORK_DEFAULTS["offset"])),
    help="Heatmap pixels that decoding adds.",
)
@click.option(
    "--skeleton",
    type=SkeletonType(),
    help="Joints of the checkpoint: a name or a JSON file.  [default: by their number]",
)
def command(source, target, **network):
    """Convert a PyTorch checkpoint into a network, or a network into a checkpoint.

    CHECKPOINT.pth MODEL.keras, or MODEL.keras CHECKPOINT.pth; in place of MODEL.keras,
    a run's folder or a preset. The checkpoints are those of pytorch-pose and
    pytorch-stacked-hourglass; stacks, blocks, filters, joints and depth are read from
    them. The options are for checkpoints.
    """
    start_keras()
    from keras_hourglass import convert
    from keras_hourglass.models.flops import count_parameters

    model = convert(source, target, **only_typed(network))
    height, width = model.image_size
    click.echo(
        f"{target}: stacks {model.stacks}, blocks {model.blocks}, depth {model.depth}, "
        f"filters {model.filters}, {len(model.skeleton.joints)} joints, images of "
        f"{width} x {height}, {count_parameters(model):,} parameters"
    )
