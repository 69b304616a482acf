"""`hourglass-keras convert`: PyTorch's checkpoints become networks here, and back."""

from pathlib import Path

import click

from keras_hourglass.models.loading import load_model
from keras_hourglass.models.pytorch import from_torch, to_torch
from keras_hourglass.skeletons import SKELETONS
from keras_hourglass.utils import atomic_write
from keras_hourglass_cli.train_options import NETWORK, network_option, only_typed

KERAS_ENDING = ".keras"


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@network_option("--image-size", type=int, help="Pixels of a side.")
@click.option(
    "--offset",
    type=(float, float),
    metavar="X Y",
    show_default=" ".join(map(str, NETWORK["offset"].default)),
    help="Heatmap pixels that decoding adds.",
)
@click.option(
    "--skeleton",
    type=click.Choice(list(SKELETONS)),
    help="Joints.  [default: the one of as many]",
)
def command(source, target, **network):
    """Make a network of a PyTorch checkpoint, or a checkpoint of a network.

    CHECKPOINT.pth MODEL.keras, or MODEL.keras CHECKPOINT.pth. The checkpoints are those
    of pytorch-pose and pytorch-stacked-hourglass; stacks, blocks, filters, joints and
    depth are read from them.
    """
    network = only_typed(network)
    if (source.suffix == KERAS_ENDING) == (target.suffix == KERAS_ENDING):
        raise click.UsageError(
            f"One of the two files, not both, must end in {KERAS_ENDING}"
        )
    if network and source.suffix == KERAS_ENDING:
        raise click.UsageError("Options are for what becomes a network")
    if source.suffix == KERAS_ENDING:
        model = load_model(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        to_torch(model, target)
    else:
        model = from_torch(source, **network)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as beside:
            model.save(beside)
    height, width = model.image_size
    click.echo(
        f"{target}: stacks {model.stacks}, blocks {model.blocks}, depth {model.depth}, "
        f"filters {model.filters}, {len(model.skeleton.joints)} joints, pictures of "
        f"{width} x {height}, {model.count_params():,} parameters"
    )
    if source.suffix == KERAS_ENDING and any(model.offset):
        click.echo(
            f"A checkpoint has no place for its offset {model.offset}.", err=True
        )
