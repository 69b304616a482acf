"""Options of `train` and `compare`: on the network, the dataset and the recipe."""

import click

from keras_hourglass.data.datasets import DATASETS
from keras_hourglass.data.datasets.spec import READ_OPTIONS
from keras_hourglass.models.config import BLOCK_NAMES, DEFAULTS_OF
from keras_hourglass.training.config import PRECISIONS
from keras_hourglass.training.recipes import AUGMENTATION_NAMES, RECIPE_NAMES
from keras_hourglass_cli.options.datasets import (
    ERROR_OR_SKIP,
    READING,
    parse_datasets,
)
from keras_hourglass_cli.options.skeletons import SkeletonType


class FiltersType(click.ParamType):
    """Channels: one number, or those of each size, with commas between."""

    name = "filters"

    def get_metavar(self, param, ctx=None):
        """Shows both in the help."""
        return "INTEGER[,INTEGER...]"

    def convert(self, value, param, ctx):
        """Returns an integer, or a tuple of integers."""
        try:
            numbers = tuple(map(int, str(value).split(",")))
        except ValueError:
            self.fail(f"{value!r} is no integer, nor several: 64,96,128", param, ctx)
        if small := [number for number in numbers if number < 2]:
            self.fail(f"{small[0]} is not in the range x>=2.", param, ctx)
        return numbers[0] if len(numbers) == 1 else numbers


NETWORK = {  # option of the network -> what click takes
    "--stacks": {"type": click.IntRange(1), "help": "Number of hourglasses."},
    "--block": {"type": click.Choice(BLOCK_NAMES), "help": "Bottleneck block."},
    "--blocks": {"type": click.IntRange(1), "help": "Blocks at each position."},
    "--filters": {
        "type": FiltersType(),
        "help": "Channels of hourglasses: one number, or one for each of the depth + 1 "
        "sizes, the largest size first, as in 64,128,192,256,256.",
    },
    "--stem-filters": {"type": click.IntRange(2), "help": "Channels of the stem."},
    "--depth": {"type": click.IntRange(1), "help": "Halvings within an hourglass."},
    "--image-size": {"type": int, "help": "Pixels of a side."},
}


def network_option(flag, default=None, **kwargs):
    """An option of the network.

    Args:
        flag: A key of `NETWORK`, or another option.
        default: What the help shows as its default; if None, the default of each task's
            network.
        kwargs: Of `click.option`, in place of those in `NETWORK`.
    """
    name = flag.removeprefix("--").replace("-", "_")
    if default is None:
        default, detector = (str(each.get(name)) for each in DEFAULTS_OF.values())
        if name in DEFAULTS_OF["detect"] and detector != default:
            default += f"; detect: {detector}"
    return click.option(flag, show_default=default, **NETWORK.get(flag, {}) | kwargs)


def network_options(default):
    """Adds all options of `NETWORK` to a command; see `network_option`."""

    def decorate(function):
        for flag in reversed(NETWORK):
            function = network_option(flag, default)(function)
        return function

    return decorate


PRESET_OPTIONS = [  # which presets set, so that `compare` lacks them
    click.option(
        "--task",
        type=click.Choice([*DEFAULTS_OF]),
        help="pose: the joints of a person; detect: the boxes of all people in a "
        "photograph.  [default: that of the recipe, or pose]",
    ),
    network_option("--stacks"),
    network_option("--block"),
    click.option(
        "--from",
        "init_weights",
        metavar="MODEL",
        help="A .keras file, a run's folder or a preset with the initial weights; its "
        "network is the default of the options above.",
    ),
    click.option(
        "--freeze",
        multiple=True,
        metavar="LAYER",
        help="Layers that are not trained: stem, stack_1 ...; may be given several "
        "times.",
    ),
    click.option(
        "--teacher",
        metavar="MODEL",
        help="A .keras file, a run's folder or a preset for distillation.  "
        "[recipe: distill]",
    ),
    click.option(
        "--distill-weight",
        type=click.FloatRange(0, 1),
        help="Share of the teacher in the loss, in place of the recipe's.",
    ),
]
OPTIONS = [
    *map(network_option, ("--blocks", "--filters", "--stem-filters", "--depth")),
    network_option(
        "--skeleton",
        type=SkeletonType(dataset=True),
        help="Joints: a name, the dataset's own, or a JSON file. Without it, "
        "the dataset's own where no name has them.",
    ),
    network_option("--image-size"),
    click.option(
        "--dataset",
        multiple=True,
        metavar="NAME[:DIR][*SHARE]",
        help=f"Dataset to train on: {', '.join(DATASETS)}; may be given several times. "
        "DIR may be one annotation file.",
    ),
    click.option("--root", type=click.Path(), help="Folder of the only dataset."),
    *READING,
    click.option(
        "--recipe",
        type=click.Choice(RECIPE_NAMES),
        help="Training recipe.  [default: modern; demo without a dataset; for --task "
        "detect: detect, detect_demo]",
    ),
    click.option("--epochs", type=click.IntRange(1), help="In place of the recipe's."),
    click.option(
        "--batch-size", type=click.IntRange(1), help="In place of the recipe's."
    ),
    click.option("--learning-rate", type=float, help="In place of the recipe's."),
    click.option(
        "--augmentation",
        type=click.Choice(AUGMENTATION_NAMES),
        help="In place of the recipe's.",
    ),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="Dtype policy of the network; weights and loss stay in float32.",
    ),
    click.option("--seed", type=int, help="Seed of weights, order and augmentation."),
    click.option(
        "--missing-images", "missing", type=ERROR_OR_SKIP, help="Images without a file."
    ),
    click.option(
        "--broken-images",
        "broken",
        type=ERROR_OR_SKIP,
        help="Images that cannot be decoded.",
    ),
]


def train_options(presets: bool = False):
    """Adds the options to a command.

    Args:
        presets: If presets decide on the kind of network and its initial weights.
    """

    def decorate(function):
        for option in reversed([*([] if presets else PRESET_OPTIONS), *OPTIONS]):
            function = option(function)
        return function

    return decorate


def only_typed(options: dict) -> dict:
    """Leaves out the options of a command that were not typed."""
    return {
        name: value
        for name, value in options.items()
        if value not in (None, ()) and value is not False  # 0 may be typed
    }


def with_datasets(options: dict) -> dict:
    """Leaves out options that were not typed; parses those on datasets."""
    options = only_typed(options)
    reading = {name: options.pop(name) for name in READ_OPTIONS if name in options}
    datasets, root = options.pop("dataset", ()), options.pop("root", None)
    if not datasets and root is None:
        return {**options, **reading}  # of a run that goes on
    return {**options, "dataset": parse_datasets(datasets, root, **reading)}
