"""`hourglass-keras info`: the costs of presets and trained networks."""

import json
from pathlib import Path

import click

from keras_hourglass.models import presets
from keras_hourglass.models.config import COUNTS, DEFAULTS_OF
from keras_hourglass.models.presets import hub
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.terminal.console import print_table, start_keras

TASK_OF = {name: task for task, found in presets.PRESETS_OF.items() for name in found}


@click.command()
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@json_option
def command(names, as_json):
    """Parameters and multiply-adds of presets and trained networks.

    Person detectors are among them.

    MODEL is a preset, its folder or address (hf://USER/NAME), a .keras file, or a
    run's folder; by default all presets.
    Both are those of the network at its own image size. "printed" is the number of
    parameters in Table 1 of "Lighter Stacked Hourglass Human Pose Estimation", in
    millions; in brackets where the block that it describes cannot have as many.
    """
    rows = [_describe(name) for name in dict.fromkeys(names or TASK_OF)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    columns = ("name", "task", "stacks", "block", "blocks")
    columns = (*columns, "parameters", "multiply-adds")
    print_table((*columns, "printed"), map(_cells, rows))


def _describe(name):
    there = hub.is_address(name) or Path(name).expanduser().exists()
    if name not in TASK_OF and there:
        return describe_network(name)
    task = TASK_OF.get(name, "pose")
    return describe_preset(name, presets.get_preset(name, task), task)


def describe_preset(name, preset, task: str = "pose") -> dict:
    """A preset's arguments and costs, for JSON."""
    network = DEFAULTS_OF[task] | preset.network
    return {
        "name": name,
        "task": task,
        **{key: network[key] for key in ("stacks", "block", "blocks")},
        **COUNTS[name]._asdict(),
        "row": preset.row,
        "printed": preset.printed,
        "matches": preset.matches,
    }


def describe_network(path) -> dict:
    """A trained network's arguments and costs, as those of a preset."""
    start_keras()
    from keras_hourglass.models import flops
    from keras_hourglass.models.loading import load_model, model_name

    model = load_model(path)
    config = model.get_config()
    config = config.get("network", config)  # of a fused one
    return {
        "name": model_name(path),
        "task": model.task,
        **{key: config[key] for key in ("stacks", "block", "blocks")},
        "parameters": flops.count_parameters(model),
        "multiply_adds": flops.count_macs(model),
        **{"row": None, "printed": None, "matches": True},
    }


def _cells(row):
    printed = "" if row["printed"] is None else f"{row['printed']}M"
    return (
        *(row[key] for key in ("name", "task", "stacks", "block", "blocks")),
        f"{row['parameters']:,}",
        f"{row['multiply_adds']:,}",
        printed if row["matches"] else f"({printed})",
    )
