"""`hourglass-keras predict`: keypoints of people in images and videos."""

import logging
import os
import sys
from pathlib import Path

import click

from keras_hourglass.inference.output.plan import prints_data
from keras_hourglass.inference.output.writers import FORMATS
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.inference.suppression import (
    MAX_PEOPLE,
    MIN_CALIBRATED_JOINT_SCORE,
    MIN_CALIBRATED_POSE_SCORE,
    MIN_POSE_SCORE,
    MIN_SCORE,
)
from keras_hourglass.inference.tracking.follower import DETECT_EVERY
from keras_hourglass.models import presets
from keras_hourglass.visualization.skeletons import MIN_JOINT_SCORE
from keras_hourglass_cli.options.inference import inference_options, runtime_option
from keras_hourglass_cli.terminal.console import LIBRARY, silence_keras
from keras_hourglass_cli.terminal.wording import BOXES


class DetectorOption(click.Option):
    """Lists the installed detectors, which takes time, if the help is shown."""

    def get_help_record(self, context):
        from keras_hourglass.inference.detectors import LIBRARIES, detector_names

        names = ", ".join(detector_names())
        libraries = ", ".join(LIBRARIES.values())
        self.help = (
            f"Person detector: {names}, a file of one, {libraries}, or "
            "module:function; none searches for one person, anywhere in the image.  "
            "[default: people, for networks of a person's joints]"
        )
        return super().get_help_record(context)


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--model",
    default=presets.DEFAULT_PRESET,
    show_default=True,
    help="A .keras file, the folder of a run, a preset with weights (its name, folder "
    "or address, hf://USER/NAME), or what `export` wrote: a .tflite, .onnx or .xml "
    "file, or the folder of a SavedModel.",
)
@click.option(
    "--box",
    "rows",
    type=(float, float, float, float),
    multiple=True,
    metavar="X Y W H",
    help="Box of a person: first pixel and size; may be given several times.  "
    "[default: of --detector]",
)
@click.option(
    "--boxes",
    "box_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Boxes of the people in each image: .csv, .json or COCO's detections.",
)
@click.option(
    "--category",
    metavar="NAME",
    help="Category of a COCO file of boxes.  [default: person, else those with joints]",
)
@click.option(
    "--detector",
    cls=DetectorOption,
    metavar="NAME",
)
@click.option(
    "--max-people",
    type=click.IntRange(1),
    help="People of an image, at most: those with the highest scores of boxes.  "
    f"[default: {MAX_PEOPLE} with a detector, all of --box and --boxes]",
)
@click.option(
    "--min-score",
    type=float,
    help="Lowest score of a box of --boxes or --detector.  "
    f"[default: {MIN_SCORE} of people, 0 of --boxes]",
)
@click.option(
    "--min-pose-score",
    type=float,
    help="Lowest score of a pose, the mean of its joints' scores.  "
    f"[default: {MIN_POSE_SCORE} with a detector, {MIN_CALIBRATED_POSE_SCORE} if "
    "scores are calibrated; none with --box, --boxes or --detector none]",
)
@click.option(
    "--min-joint-score",
    type=float,
    help="Joints of lower scores, and their limbs, are not drawn, and are `uncertain` "
    f"in the data.  [default: {MIN_JOINT_SCORE}, {MIN_CALIBRATED_JOINT_SCORE} if "
    "scores are calibrated]",
)
@inference_options
@runtime_option
@click.option(
    "--track/--no-track",
    default=None,
    help="Number the people in videos.  [default: with a detector]",
)
@click.option(
    "--detect-every",
    type=click.IntRange(1),
    default=DETECT_EVERY,
    show_default=True,
    metavar="FRAMES",
    help="Frames of a video from one pass of the detector to the next; between them, "
    "the people are followed.",
)
@click.option("--smooth", is_flag=True, help="Smooth the joints in videos.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="PATH",
    help="May be given several times; the suffix says what is written: .jsonl, .csv or "
    ".json (COCO) the keypoints; .png or .jpg the drawing, of several images a contact "
    "sheet; .mp4, .webm or .avi the drawn video; a folder the drawings of all inputs.  "
    "[default: keypoints on stdout, drawings as NAME.joints.* here, of several inputs "
    "in joints/]",
)
@click.option(
    "--format",
    type=click.Choice([*FORMATS]),
    help="Format of keypoints; coco has the network's own joints, coco17 COCO's.  "
    "[default: by the suffix; json, a line each, on stdout]",
)
@click.option(
    "--images-json",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="COCO file that lists the images: their ids and names in COCO's formats.",
)
@click.pass_context
def command(context, inputs, rows, box_file, detector, outputs, **options):
    """Predict keypoints of people, print them, and draw them.

    INPUT is an image, a video, a folder of both, a pattern such as 'photos/**/*.jpg',
    the address of a video (http, https) or live stream (rtsp), the number of a camera,
    or - for an image on the standard input.
    """
    if sum(map(bool, (rows, box_file, detector))) > 1:
        raise click.UsageError("Give one of --box, --boxes and --detector.")
    if not detector:
        context.meta[BOXES] = "--box" if rows else "--boxes"
    elif ":" in detector:
        sys.path.insert(0, os.getcwd())  # as for `python -m`
    silence_keras()
    from keras_hourglass.inference.runner import predict_sources
    from keras_hourglass_cli.terminal.progress import PredictProgress

    visible = logging.getLogger(LIBRARY).isEnabledFor(logging.INFO)  # not --quiet
    visible = visible and not (prints_data(outputs) and sys.stdout.isatty())
    with PredictProgress(visible) as progress:
        summary = predict_sources(
            inputs,
            outputs=outputs,
            boxes=rows or box_file,
            detector={None: AUTO, "none": None}.get(detector, detector),
            on_frame=progress.update,
            **options,
        )
    if summary.failures:
        sys.exit(1)
