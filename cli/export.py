"""`hourglass-keras export`: a network for servers and for other runtimes."""

import json
import logging
import os
from datetime import date
from pathlib import Path

import click

from keras_hourglass.export.formats import ALL, FORMAT_NAMES, parse_formats
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.terminal.console import LIBRARY, start_keras
from keras_hourglass_cli.terminal.wording import in_options

logger = logging.getLogger(LIBRARY)
BACKEND = "tensorflow"  # the only one that exports
WEB = "web"  # key in `FORMATS`
NO_DETECTOR = "none"
SERVE = "Serve the page: python -m http.server --directory {}, at http://localhost:8000"


@click.command()
@click.argument("model")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    type=click.Choice([*FORMAT_NAMES, ALL]),
    multiple=True,
    default=["savedmodel"],
    show_default=True,
    help="May be given several times.",
)
@click.option("--float16", is_flag=True, help="Short for litert:float16, with litert.")
@click.option("--int8", is_flag=True, help="Short for litert:int8, with litert.")
@click.option(
    "--images",
    type=click.Path(exists=True),
    multiple=True,
    help="Images, or folders of them, to calibrate and verify on.",
)
@click.option(
    "--dataset",
    metavar="NAME[:DIR]",
    help="People to calibrate and verify on; for a detector, photographs of coco or "
    "synthetic.  [default: photographs of the library]",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    help="Factor of the limits of verification: 2 is twice as loose.",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    help="savedmodel: most pixels of an image. A server refuses one with more.",
)
@click.option(
    "--assets",
    metavar="NODE_MODULES",
    type=click.Path(exists=True, file_okay=False),
    help="web: the folder in which npm has installed the page's runtime, to copy it. "
    "Without it, the page loads it from jsdelivr.net.",
)
@click.option(
    "--detector",
    metavar="MODEL|none",
    help="savedmodel, web: the person detector that finds everyone; `none` leaves it "
    "out.  [default: people, for networks of a person's joints]",
)
@json_option
@click.option("--pictures", type=click.Path(exists=True), multiple=True, hidden=True)
@click.option("--most-pixels", type=click.IntRange(1), hidden=True)
def command(
    model,
    directory,
    formats,
    float16,
    int8,
    images,
    dataset,
    tolerance,
    max_pixels,
    assets,
    detector,
    as_json,
    pictures,  # of version 0.1, as `most_pixels`
    most_pixels,
):
    """Export a network to other runtimes.

    MODEL is a .keras file, the folder of a run, or a preset with weights: of a network
    for poses, or of a person detector. savedmodel: the next version in DIR for
    TensorFlow Serving, which takes the bytes of images and returns everyone's keypoints
    in their pixels (docs/serving.md). litert, onnx, openvino: files that take crops of
    people, and of a detector whole photographs (docs/devices.md). web: a page that runs
    the network in a browser (docs/web.md). Each file is run by its own runtime, and
    written only if its keypoints or boxes are the network's. "all" is all of these,
    LiteRT in three precisions; those that cannot be written are a warning. A detector
    alone is written for LiteRT, ONNX and OpenVINO.
    """
    images, max_pixels = [*images, *pictures], max_pixels or most_pixels
    options = {"max_pixels": max_pixels, "assets": assets, "detector": detector}
    options = {name: value for name, value in options.items() if value is not None}
    if detector == NO_DETECTOR:
        options["detector"] = None
    typed = {} if tolerance is None else {"tolerance": tolerance}
    formats = _with_precision([*formats], float16, int8)
    try:
        parse_formats(formats, options)
    except ValueError as error:
        raise click.UsageError(in_options(str(error))) from None
    if images and dataset:
        raise click.UsageError("Give --images or a --dataset, not both.")
    if (backend := os.environ.get("KERAS_BACKEND", BACKEND)) != BACKEND:
        logger.info("Exporting under TensorFlow, not %s: only it can", backend)
    start_keras(BACKEND)
    from keras_hourglass import export_model

    sources = {"images": images or None, "dataset": dataset}
    results = export_model(model, directory, formats, **sources, **typed, **options)
    if as_json:
        click.echo(json.dumps([result.to_dict() for result in results]))
    else:
        from keras_hourglass.training.distribution import device_name

        click.echo(f"{date.today()}, {device_name()}, {os.cpu_count()} cores")
        click.echo(results)
        if any(result.format == WEB and not result.reason for result in results):
            click.echo(SERVE.format(directory))
    if results.failed and formats != ALL:
        raise click.ClickException(
            f"{len(results.failed)} of {len(results)} were not written"
        )


def _with_precision(formats, float16, int8):
    """Formats with the precision that a flag says; "all" is handed on as one name."""
    flags = [name for name, on in (("float16", float16), ("int8", int8)) if on]
    if len(flags) > 1 or (flags and "litert" not in formats):
        raise click.UsageError("--format litert has one of --float16 and --int8.")
    if ALL in formats:
        return ALL
    precise = "".join(("litert", *(f":{flag}" for flag in flags)))
    return [precise if name == "litert" else name for name in formats]
