"""The skeleton of a run's network: the one asked for, or that of its datasets."""

import logging
from dataclasses import replace
from pathlib import Path

from keras_hourglass import skeletons
from keras_hourglass.data.people import People
from keras_hourglass.data.people.mixture import load_people
from keras_hourglass.models.config import NETWORK_DEFAULTS
from keras_hourglass.models.loading import CLASS_NAMES, load_argument
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.training import config
from keras_hourglass.training.config import DATASET, TrainConfig
from keras_hourglass.training.runs import config_file

logger = logging.getLogger(__name__)


def resolve_skeleton(
    train_config: TrainConfig, folder: Path | None, people: dict[tuple, People]
) -> tuple[TrainConfig, dict[tuple, People]]:
    """Replaces a skeleton that is "dataset", or not given, by the one it stands for.

    A run that goes on keeps its skeleton. Else, without a skeleton given, the network
    has the joints of the first dataset where no dataset has those of a named skeleton.

    Args:
        train_config: Configuration of the run.
        folder: Of the run; None if a new one takes its place.
        people: See `config.given_people`.

    Returns:
        The configuration, and `people` with those that were loaded for it.
    """
    if train_config.task != "pose":
        return train_config, people
    requested = train_config.recipe.network.get("skeleton")
    if requested not in (None, DATASET):
        return train_config, people
    if requested is None and folder and (folder / config_file.CONFIG_FILE).is_file():
        stored = config_file.read_config(folder).recipe.network.get("skeleton")
        # Version 0.2 wrote none for the default.
        return _with_skeleton(train_config, stored) if stored else train_config, people
    people = {**people}
    for spec in config.require_given(train_config.datasets, people):
        if spec[:2] not in people:
            people[spec[:2]] = load_people(spec, train_config.missing)
    found = [people[spec[:2]].skeleton for spec in train_config.datasets]
    source = None
    if requested is None and train_config.init_weights is not None:
        network = load_argument(train_config.init_weights, "init_weights", *CLASS_NAMES)
        source = getattr(network, "skeleton", None)
    chosen = choose_skeleton(found, source, requested == DATASET)
    default = skeletons.get(NETWORK_DEFAULTS["skeleton"])
    if requested == DATASET or chosen not in (source, default):
        logger.info(
            "The network has the joints of %s: %s",
            train_config.datasets[0].name,
            ", ".join(chosen.joints),
        )
    return _with_skeleton(train_config, skeletons.to_json(chosen)), people


def choose_skeleton(
    found: list[Skeleton], source: Skeleton | None = None, requested: bool = False
) -> Skeleton:
    """Chooses the skeleton of a network.

    Args:
        found: Of each dataset.
        source: Of the network whose weights it begins with.
        requested: Whether the skeleton of the datasets was asked for.
    """
    if requested:
        return found[0]
    if any(skeletons.find_known(each.joints) for each in found):
        return source or skeletons.get(NETWORK_DEFAULTS["skeleton"])
    if source is not None and any(source.has_all(each.joints) for each in found):
        return source
    return found[0]


def _with_skeleton(train_config, skeleton):
    recipe = train_config.recipe
    network = {**recipe.network, "skeleton": skeleton}
    return replace(train_config, recipe=replace(recipe, network=network))
