"""Options of datasets and of printed results that several subcommands share."""

from functools import wraps

import click

from keras_hourglass.data.datasets import DATASETS, DatasetSpec

ERROR_OR_SKIP = click.Choice(["error", "skip"])
missing_option = click.option(
    "--missing-images",
    type=ERROR_OR_SKIP,
    default="error",
    show_default=True,
    help="Image files that do not exist: stop, or leave them out.",
)
broken_option = click.option(
    "--broken-images",
    type=ERROR_OR_SKIP,
    default="error",
    show_default=True,
    help="Image files that cannot be read: stop, or leave them out.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON in place of tables."
)


def parse_datasets(datasets, root=None) -> list[DatasetSpec]:
    """Combines `--dataset`, given any number of times, and `--root`."""
    if root is not None and len(datasets) != 1:
        raise click.UsageError("--root goes with exactly one --dataset")
    specs = [DatasetSpec.parse(text) for text in datasets]
    return specs if root is None else [specs[0]._replace(root=root)]


def source_options(**kwargs):
    """Adds both options, for one dataset, which the command gets as `source`."""

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
            (spec,) = parse_datasets([dataset], root)
            if spec.share != 1:
                raise click.UsageError("a share of a --dataset is for training")
            return function(source=spec, **others)

        return with_source

    return decorate
