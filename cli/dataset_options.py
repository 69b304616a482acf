"""Options that several subcommands have: of datasets, and of what is printed."""

from functools import wraps

import click

from keras_hourglass.data.datasets import DATASETS
from keras_hourglass.data.mixture import DatasetSpec

ERROR_OR_SKIP = click.Choice(["error", "skip"])
missing_option = click.option(
    "--missing-images",
    type=ERROR_OR_SKIP,
    default="error",
    help="If files are not there.",
)
broken_option = click.option(
    "--broken-images",
    type=ERROR_OR_SKIP,
    default="error",
    help="If files cannot be read.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print data, not tables."
)


def parse_datasets(datasets, root=None) -> list[DatasetSpec]:
    """What `--dataset`, given any number of times, and `--root` say together."""
    if root is not None and len(datasets) != 1:
        raise click.UsageError("--root goes with exactly one --dataset")
    sources = [DatasetSpec.parse(text) for text in datasets]
    return sources if root is None else [sources[0]._replace(root=root)]


def source_options(**kwargs):
    """Adds both options, for one dataset, which the command is given as `source`."""

    def decorate(function):
        @click.option(
            "--dataset",
            metavar="NAME[:DIR]",
            help=f"One of {', '.join(DATASETS)}.",
            **kwargs,
        )
        @click.option("--root", type=click.Path(), help="Folder of the dataset.")
        @wraps(function)
        def with_source(dataset, root, **others):
            (source,) = parse_datasets([dataset], root)
            if source.share != 1:
                raise click.UsageError("a share of a --dataset is for training")
            return function(source=source, **others)

        return with_source

    return decorate
