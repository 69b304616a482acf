"""`hourglass-keras submit-mpii`: predictions in the format of MPII's test server."""

from pathlib import Path

import click

from keras_hourglass_cli.options.inference import inference_options
from keras_hourglass_cli.terminal.console import start_keras


@click.command()
@click.argument("model")
@click.option("--root", type=click.Path(), required=True, help="MPII's folder.")
@inference_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="pred_keypoints_mpii.mat",
    show_default=True,
    help="File to write.",
)
def command(model, root, output, **options):
    """Write and check the file of predictions for MPII's test server.

    It holds the joints of all people that the server evaluates: those that the
    annotation of the test images lists as single persons.
    """
    start_keras()
    from keras_hourglass.evaluation.predictions.mpii_submission import (
        save_mpii_submission,
    )

    test = save_mpii_submission(model, root, output, **options)
    click.echo(
        f"{output}: {len(test.people):,} people of {len(test.entries):,} test images, "
        "16 joints each, in pixels counted from 1"
    )
    if test.unplaced:
        click.echo(
            f"{test.unplaced:,} listed people have no position or size: left out"
        )
