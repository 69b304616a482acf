"""`hourglass-keras predict`: the joints of people in pictures and videos."""

import sys
from pathlib import Path

import click

from keras_hourglass.inference import detectors
from keras_hourglass.inference.output_plan import plan_outputs
from keras_hourglass.inference.runner import box_source, filter_boxes, predict_sources
from keras_hourglass.inference.sources import find_sources
from keras_hourglass.inference.writers import FORMATS
from keras_hourglass.models import presets
from keras_hourglass_cli.inference_options import inference_options
from keras_hourglass_cli.progress import PredictProgress


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--model",
    default=presets.DEFAULT_PRESET,
    show_default=True,
    help="A .keras file, or a preset with weights.",
)
@click.option(
    "--box",
    "rows",
    type=(float, float, float, float),
    multiple=True,
    metavar="X Y W H",
    help="A person: first pixel and size; may be given several times.  [default: the "
    "one person of the picture, wherever]",
)
@click.option(
    "--boxes",
    "listed",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="People of each picture: .csv, .json or COCO's detections.",
)
@click.option(
    "--detector",
    metavar="NAME",
    help=f"What finds people: {', '.join(detectors.detector_names())}, or "
    "module:function.",
)
@click.option(
    "--min-score",
    type=float,
    default=0.0,
    show_default=True,
    help="Of --boxes or --detector: leaves out those below.",
)
@inference_options
@click.option("--smooth", is_flag=True, help="Let joints in videos tremble less.")
@click.option(
    "--output",
    "outs",
    multiple=True,
    metavar="PATH",
    help="May be given several times. The ending says what: .jsonl, .csv or .json "
    "(COCO) joints; .png or .jpg the drawn picture, of several a contact sheet; .mp4, "
    ".webm or .avi the drawn video; a folder drawings of all.  [default: joints on "
    "stdout, drawings as NAME.joints.* here, of several inputs in joints/]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice([*FORMATS]),
    help="Of joints.  [default: as the ending says; json, a line each, on stdout]",
)
def command(inputs, rows, listed, detector, min_score, outs, kind, **network):
    """Find the joints of people, print them, and draw them.

    INPUT is a picture, a video, a folder of both, a pattern like 'photos/**/*.jpg',
    a camera's number, or - for a picture on the standard input.
    """
    if sum(map(bool, (rows, listed, detector))) > 1:
        raise click.UsageError("Name one of --box, --boxes and --detector.")
    watch = PredictProgress()
    meant = find_sources(inputs, watch.say, watch.fail)
    if len(meant) > 1 and any(source.kind == "camera" for source in meant):
        raise click.UsageError("A camera is looked at alone.")
    planned = plan_outputs(outs, kind, meant)
    printed = any(path is None for path, _ in planned.data)
    watch.total, watch.live = len(meant), not (printed and sys.stdout.isatty())
    boxes_of, known = box_source(rows, listed, detector)
    if boxes_of is not None:
        boxes_of = filter_boxes(boxes_of, min_score, watch.fail)
    if meant:
        predict_sources(meant, planned, boxes_of, watch, **network)
    if known is not None:
        report_names(known.lacking, f"no boxes in {listed}", watch.say)
        report_names(known.unused, f"boxes in {listed}, but were not named", watch.say)
    if watch.failed:
        sys.exit(1)


def report_names(names, have: str, say):
    """Says how many pictures have what, if there are any."""
    if names:
        say(f"{len(names):,} pictures have {have}, {min(names)} first")
