"""`hourglass-keras info`: what the presets cost."""

import json

import click

from keras_hourglass import StackedHourglass
from keras_hourglass.models import presets
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass_cli.dataset_options import json_option

HEAD = f"{'name':32}{'stacks':>7}  {'block':20}{'blocks':>6}{'parameters':>13}"
HEAD += f"{'multiply-adds':>18}{'printed':>9}"


@click.command()
@click.argument("names", metavar="[PRESET]...", nargs=-1)
@json_option
def command(names, as_json):
    """Parameters and multiply-adds of the presets.

    Both are counted on the network itself, at its own picture size. "printed" is what
    Table 1 of "Lighter Stacked Hourglass Human Pose Estimation" says, in millions; in
    brackets where the block that it describes cannot have as many.
    """
    wanted = {name: presets.get_preset(name) for name in names or presets.PRESETS}
    rows = (describe(name, preset) for name, preset in wanted.items())
    if as_json:
        click.echo(json.dumps(list(rows), indent=2))
        return
    click.echo(HEAD)
    for row in rows:  # one by one: the large ones take seconds to build
        printed = "" if row["printed"] is None else f"{row['printed']}M"
        if not row["matches"]:
            printed = f"({printed})"
        click.echo(
            f"{row['name']:32}{row['stacks']:7}  {row['block']:20}{row['blocks']:6}"
            f"{row['parameters']:13,}{row['multiply_adds']:18,}{printed:>9}"
        )


def describe(name, preset) -> dict:
    """A row of the table."""
    model = StackedHourglass(**preset.network)
    network = model.get_config()
    return {
        "name": name,
        **{key: network[key] for key in ("stacks", "block", "blocks")},
        "parameters": count_parameters(model),
        "multiply_adds": count_macs(model),
        "row": preset.row,
        "printed": preset.printed,
        "matches": preset.matches,
    }
