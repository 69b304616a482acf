"""`hourglass-keras info`: the costs of the presets."""

import json

import click

from keras_hourglass.models import presets
from keras_hourglass.models.config import COUNTS, NETWORK_DEFAULTS
from keras_hourglass_cli.console import print_table
from keras_hourglass_cli.dataset_options import json_option


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@json_option
def command(names, as_json):
    """Parameters and multiply-adds of the presets.

    Both are those of the network at its own image size. "printed" is the number of
    parameters in Table 1 of "Lighter Stacked Hourglass Human Pose Estimation", in
    millions; in brackets where the block that it describes cannot have as many.
    """
    selected = {name: presets.get_preset(name) for name in names or presets.PRESETS}
    rows = [describe_preset(name, preset) for name, preset in selected.items()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    columns = ("name", "stacks", "block", "blocks", "parameters", "multiply-adds")
    print_table((*columns, "printed"), map(_cells, rows))


def describe_preset(name, preset) -> dict:
    """A preset's arguments and costs, for JSON."""
    network = NETWORK_DEFAULTS | preset.network
    return {
        "name": name,
        **{key: network[key] for key in ("stacks", "block", "blocks")},
        **COUNTS[name]._asdict(),
        "row": preset.row,
        "printed": preset.printed,
        "matches": preset.matches,
    }


def _cells(row):
    printed = "" if row["printed"] is None else f"{row['printed']}M"
    return (
        *(row[key] for key in ("name", "stacks", "block", "blocks")),
        f"{row['parameters']:,}",
        f"{row['multiply_adds']:,}",
        printed if row["matches"] else f"({printed})",
    )
