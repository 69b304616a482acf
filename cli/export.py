"""`hourglass-keras export`: a network for those who serve it, and for small devices."""

import json
import os
from datetime import date
from pathlib import Path

import click

from keras_hourglass import export
from keras_hourglass.models.loading import load_model
from keras_hourglass.training import distribution
from keras_hourglass_cli import export_table
from keras_hourglass_cli.dataset_options import json_option


@click.command()
@click.argument("model")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice([*export.FORMATS, "all"]),
    default="savedmodel",
    show_default=True,
)
@click.option("--float16", is_flag=True, help="litert: weights of sixteen bits.")
@click.option("--int8", is_flag=True, help="litert: a network of eight bits.")
@click.option(
    "--pictures",
    type=click.Path(exists=True),
    multiple=True,
    help="Pictures, or folders of them, to calibrate and check on.",
)
@click.option(
    "--dataset",
    metavar="NAME[:DIR]",
    help="People to calibrate and check on.  [default: drawn]",
)
@click.option(
    "--most-pixels",
    type=click.IntRange(1),
    help="savedmodel: of a picture; with more, a server refuses it.",
)
@json_option
def command(
    model, directory, kind, float16, int8, pictures, dataset, most_pixels, as_json
):
    """Write a network (a .keras file, or a preset with weights) for other programs.

    savedmodel: the next version in DIR for TensorFlow Serving, which takes the bytes of
    pictures and answers with joints in their pixels (docs/serving.md). litert, onnx,
    openvino: files that take crops (docs/devices.md). Each is run by its own runtime,
    and written only if its joints are the network's. "all" is all of these, LiteRT in
    three precisions.
    """
    precisions = [name for name, on in (("float16", float16), ("int8", int8)) if on]
    if len(precisions) > 1 or (precisions and kind != "litert"):
        raise click.UsageError("--format litert has one of --float16 and --int8.")
    if pictures and dataset:
        raise click.UsageError("Name --pictures or a --dataset.")
    if most_pixels is not None and kind not in ("savedmodel", "all"):
        raise click.UsageError("--most-pixels goes with --format savedmodel.")
    chosen = export_table.ALL_FORMATS
    if kind != "all":
        chosen = [(kind, {"precision": name} if (name := "".join(precisions)) else {})]
    loaded = load_model(model)
    crops, of = export_table.load_crops(
        loaded, pictures, dataset, lambda note: click.echo(note, err=True), fail
    )
    rows = []
    if not as_json:
        click.echo(
            f"{date.today()}, {distribution.device_name()}, {os.cpu_count()} cores; "
            f"on {of}"
        )
        click.echo(export_table.HEADER)
    for kind, options in chosen:
        if kind == "savedmodel" and most_pixels is not None:
            options = {**options, "most_pixels": most_pixels}
        rows.append(export_table.export_row(loaded, directory, kind, options, crops))
        if not as_json:
            click.echo(export_table.format_row(rows[-1]))
    click.echo(json.dumps(rows) if as_json else print_formats(rows))
    failed = sum("error" in row for row in rows)
    if failed:
        raise click.ClickException(f"{failed} of {len(rows)} were not written")


def print_formats(rows) -> str:
    """Where everything is."""
    return "\n".join(row["path"] for row in rows if "path" in row)


def fail(why):
    """What was named and cannot be looked at is an error."""
    raise ValueError(why)
