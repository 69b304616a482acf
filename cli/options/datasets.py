"""Options of datasets and of printed results that several subcommands share."""

from functools import wraps

import click

from keras_hourglass.data.datasets import DATASETS, DatasetSpec, with_options
from keras_hourglass.data.datasets.spec import READ_OPTIONS
from keras_hourglass.models.presets import PRESETS_OF

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
task_option = click.option(
    "--task",
    type=click.Choice([*PRESETS_OF]),
    default="pose",
    show_default=True,
    help="pose: joints of people. detect: boxes of everyone on whole photographs.",
)
READING = [  # the options that `READ_OPTIONS` names
    click.option(
        "--category",
        metavar="NAME",
        help="Category of a COCO file, where several have joints.  [default: person]",
    ),
    click.option(
        "--images",
        type=click.Path(),
        metavar="DIR",
        help="Folder of the images.  [default: the usual folders]",
    ),
    click.option(
        "--rescale",
        is_flag=True,
        help="Scale labels where images are smaller or larger than annotated.",
    ),
    click.option(
        "--val-share",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        metavar="SHARE",
        help="Share of the photographs to hold out for validation, say 0.2, where "
        "none are marked.  [default: 0.05 in training]",
    ),
    click.option(
        "--min-joints",
        type=click.IntRange(1),
        metavar="COUNT",
        help="Labeled joints that a person of a COCO file must have.  [default: 5 of "
        "COCO's joints, 1 of others]",
    ),
]


def read_options(function):
    """Adds the options on reading a dataset."""
    for option in reversed(READING):
        function = option(function)
    return function


def parse_datasets(datasets, root=None, **options) -> list[DatasetSpec]:
    """Combines `--dataset`, given any number of times, `--root` and `read_options`."""
    if root is not None and len(datasets) != 1:
        raise click.UsageError("--root goes with exactly one --dataset")
    specs = [DatasetSpec.parse(text) for text in datasets]
    if root is not None:
        if specs[0].root is not None:
            raise click.UsageError("--root goes with --dataset NAME, not NAME:DIR")
        specs = [specs[0]._replace(root=root)]
    return with_options(specs, {k: v for k, v in options.items() if v})


def source_options(multiple: bool = False, **kwargs):
    """Adds `--dataset`, `--root` and `read_options`.

    Args:
        multiple: Takes several datasets, which the command gets as `sources`; else one,
            as `source`.
        kwargs: Further arguments of the option `--dataset`.
    """
    text = f"One of {', '.join(DATASETS)}. DIR may be one annotation file."
    text += " May be given several times." if multiple else ""
    root_help = "Folder of the only dataset." if multiple else "Folder of the dataset."

    def decorate(function):
        @click.option(
            "--dataset", metavar="NAME[:DIR]", multiple=multiple, help=text, **kwargs
        )
        @click.option("--root", type=click.Path(), help=root_help)
        @read_options
        @wraps(function)
        def with_sources(dataset, root, **others):
            options = {name: others.pop(name) for name in READ_OPTIONS}
            specs = parse_datasets(dataset if multiple else [dataset], root, **options)
            if any(spec.share != 1 for spec in specs):
                raise click.UsageError("a share of a --dataset is for training")
            if len({*specs}) < len(specs):
                raise click.UsageError("Name each --dataset once.")
            given = {"sources": specs} if multiple else {"source": specs[0]}
            return function(**given, **others)

        return with_sources

    return decorate
