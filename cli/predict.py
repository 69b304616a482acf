"""`hourglass-keras predict`: the joints of people in a picture."""

import json
from pathlib import Path

import click

from keras_hourglass import draw, presets
from keras_hourglass.data import picture
from keras_hourglass.predict import PoseEstimator
from keras_hourglass.replacing import replacing


@click.command()
@click.argument("path", metavar="PICTURE", type=click.Path(path_type=Path))
@click.option(
    "--model",
    default=presets.SHIPPED,
    show_default=True,
    help="A .keras file, or a preset with weights.",
)
@click.option(
    "--box",
    "boxes",
    type=(float, float, float, float),
    multiple=True,
    metavar="X Y W H",
    help="A person: first pixel and size; may be given several times.  [default: the "
    "one person of the picture, wherever]",
)
@click.option("--flip", is_flag=True, help="Look at everybody mirrored, too.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The drawn picture.  [default: PICTURE.joints.png, here]",
)
def command(path, model, boxes, flip, output):
    """Find the joints of people in a picture: prints JSON, and draws them."""
    pixels = picture.read(path).pixels
    estimator = PoseEstimator(model, flip)
    (poses,) = estimator([pixels], [boxes] if boxes else None)
    for pose in poses:
        pixels = draw.skeleton(pixels, pose.joints, estimator.model.skeleton)
    output = output or Path(f"{path.stem}.joints.png")
    with replacing(output) as beside:
        beside.write_bytes(draw.png(pixels))
    people = [
        {
            "box": pose.box.tolist(),
            "joints": dict(zip(pose.names, pose.joints.round(2).tolist())),
            "scores": dict(zip(pose.names, pose.scores.round(4).tolist())),
        }
        for pose in poses
    ]
    found = {"picture": str(path), "drawn": str(output), "people": people}
    click.echo(json.dumps(found))
