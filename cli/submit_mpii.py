"""`hourglass-keras submit-mpii`: predictions as MPII's test server asks for them."""

from pathlib import Path

import click

from keras_hourglass.data.datasets.mpii import mat_format, submission
from keras_hourglass.data.datasets.mpii.testset import TestSet
from keras_hourglass.data.readers import files
from keras_hourglass.evaluation import evaluator
from keras_hourglass.evaluation.predictions import to_image_points
from keras_hourglass.models.loading import load_model
from keras_hourglass.skeletons import MPII
from keras_hourglass.utils import atomic_write
from keras_hourglass_cli.inference_options import inference_options


@click.command()
@click.argument("model")
@click.option("--root", type=click.Path(), required=True, help="MPII's folder.")
@inference_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="pred_keypoints_mpii.mat",
    show_default=True,
)
def command(model, root, output, **seeing):
    """Write the file that MPII's test server asks for, and check it.

    It holds the joints of all people of the test pictures that the server judges: of
    those whom the annotation lists as single persons, in their windows.
    """
    name, model = model, load_model(model)
    if missing := sorted({*MPII.joints} - {*model.skeleton.joints}):
        raise ValueError(f"`model` must find MPII's joints; {name} lacks {missing}")
    root = files.require_folder(root, "mpii")
    test = TestSet(files.find_file(root, *mat_format.NAMES))
    people = test.as_people(root / "images").to_skeleton(model.skeleton)
    pictures = dict.fromkeys(people.images)
    if absent := [path for path in pictures if not Path(path).is_file()]:
        raise files.DatasetError(
            f"{len(absent):,} of {len(pictures):,} test pictures are missing, "
            f"{absent[0]} first: the server wants everybody"
        )
    found, unread = evaluator.predict_with_loader(
        model, people, broken="skip", **seeing
    )
    if unread:
        raise files.DatasetError(
            f"{len(unread):,} test pictures cannot be read, first {unread[0]}: the "
            "server wants everybody"
        )
    sizes = model.image_size[::-1], model.heatmap_size
    joints = to_image_points(found.points, people, *sizes)
    with atomic_write(output) as beside:
        submission.write_submission(
            beside, test, joints[:, model.skeleton.indices(MPII.joints)]
        )
        submission.check_submission(beside, test)
    click.echo(
        f"{output}: {len(people):,} people of {len(test.entries):,} test pictures, "
        "16 joints each, in pixels counted from 1"
    )
    if test.unplaced:
        click.echo(f"{test.unplaced:,} listed people have no place or size: left out")
