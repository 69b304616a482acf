"""Options that say how to train, and the plan that they make together."""

from dataclasses import replace
from inspect import signature

import click

from keras_hourglass import StackedHourglass
from keras_hourglass.data.datasets import DATASETS
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.models.loading import load_model
from keras_hourglass.skeletons import SKELETONS
from keras_hourglass.training import fine_tuning, recipes
from keras_hourglass.training.config import PRECISIONS, TrainConfig
from keras_hourglass_cli.dataset_options import ERROR_OR_SKIP, parse_datasets

NETWORK = signature(StackedHourglass).parameters
RECIPE = ("epochs", "batch_size", "learning_rate", "distill_weight")
CHOICES = ("seed", "precision", "start", "freeze", "teacher")


def network_option(flag, **kwargs):
    """An option of the network. Its help shows the network's own default."""
    name = flag.removeprefix("--").replace("-", "_")
    return click.option(flag, show_default=str(NETWORK[name].default), **kwargs)


KIND_OPTIONS = [  # what a preset says
    network_option("--stacks", type=click.IntRange(1), help="Hourglasses in a row."),
    network_option(
        "--block", type=click.Choice(list(BLOCKS)), help="Bottleneck block."
    ),
]
START_OPTIONS = [
    click.option(
        "--from",
        "start",
        metavar="MODEL",
        help="A .keras file or preset, whose weights to begin with where they fit; "
        "its network's arguments are the defaults of those above.",
    ),
    click.option(
        "--freeze",
        multiple=True,
        metavar="LAYER",
        help="Leave layers as they are: stem, stack_1 ...; may be given several times.",
    ),
    click.option(
        "--teacher",
        metavar="MODEL",
        help="A .keras file or preset, which guides the network.  [recipe: distill]",
    ),
    click.option(
        "--distill-weight",
        type=click.FloatRange(0, 1),
        help="Share of the loss that the teacher decides, in place of the recipe's.",
    ),
]
OPTIONS = [
    network_option("--blocks", type=click.IntRange(1), help="Blocks at each position."),
    network_option(
        "--filters", type=click.IntRange(2), help="Channels of hourglasses."
    ),
    network_option(
        "--stem-filters", type=click.IntRange(2), help="Channels of the stem."
    ),
    network_option(
        "--depth", type=click.IntRange(1), help="How often sizes are halved."
    ),
    network_option("--skeleton", type=click.Choice(list(SKELETONS)), help="Joints."),
    network_option("--image-size", type=int, help="Pixels of a side."),
    click.option(
        "--dataset",
        "datasets",
        multiple=True,
        metavar="NAME[:DIR][*SHARE]",
        help=f"Whom to train on, of {', '.join(DATASETS)}; may be given several times.",
    ),
    click.option("--root", type=click.Path(), help="Folder of the only dataset."),
    click.option(
        "--recipe",
        type=click.Choice(list(recipes.RECIPES)),
        help="How to train.  [default: modern; demo without a dataset]",
    ),
    click.option("--epochs", type=click.IntRange(1), help="In place of the recipe's."),
    click.option(
        "--batch-size", type=click.IntRange(1), help="In place of the recipe's."
    ),
    click.option("--learning-rate", type=float, help="In place of the recipe's."),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="Of computations; weights and loss stay in float32.",
    ),
    click.option("--seed", type=int, help="Of weights, order and augmentation."),
    click.option(
        "--missing-images", type=ERROR_OR_SKIP, help="If files are not there."
    ),
    click.option(
        "--broken-images", type=ERROR_OR_SKIP, help="If files cannot be read."
    ),
]


def train_options(kinds: bool = True):
    """Adds them to a command, which passes what was typed on to `plan_of`.

    Args:
        kinds: Whether the user says what kind of network it is, and how it begins.
    """

    def decorate(function):
        alone = (*KIND_OPTIONS, *START_OPTIONS) if kinds else ()
        for option in reversed([*alone, *OPTIONS]):
            function = option(function)
        return function

    return decorate


def only_typed(options: dict) -> dict:
    """Those of a command's options that were typed."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def build_config(datasets=(), root=None, recipe=None, **typed) -> TrainConfig:
    """Every choice, out of what was typed: only that outweighs recipe and defaults."""
    sources = parse_datasets(datasets, root)
    if recipe is None:
        recipe = "modern" if sources else "demo"
        recipe = "distill" if "teacher" in typed else recipe
    if not sources:
        click.echo("No --dataset: training on drawn people, to see that all works.")
    chosen = recipes.get_recipe(recipe)
    network = {k: v for k, v in typed.items() if k in NETWORK}
    if "start" in typed:
        network = {**fine_tuning.network_config(load_model(typed["start"])), **network}
    changes = {k: v for k, v in typed.items() if k in RECIPE}
    chosen = replace(chosen, network={**chosen.network, **network}, **changes)
    if chosen.network and not sources:
        click.echo(f"The recipe {recipe!r} sets {chosen.network}.")
    return TrainConfig(
        recipe=chosen,
        sources=tuple(sources) or TrainConfig.sources,
        missing=typed.get("missing_images", TrainConfig.missing),
        broken=typed.get("broken_images", TrainConfig.broken),
        **{k: v for k, v in typed.items() if k in CHOICES},
    )
