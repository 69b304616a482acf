"""Changes of a run that goes on: options that are given anew, and which may differ.

Epochs may, since learning rate and moving average are functions of the step: they are
entered at the step reached. So may the places of files, and images that are left out.
The others made the weights as they are.
"""

import os
from dataclasses import asdict, replace
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE, DEFAULTS_OF, simplify
from keras_hourglass.models.presets import PRESETS_OF
from keras_hourglass.training import recipes
from keras_hourglass.training.config import (
    GIVEN_NAMES,
    RECIPE_OPTIONS,
    RUN_OPTIONS,
    TrainConfig,
    create_config,
    given_options,
    parse_datasets,
)
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.utils import plural

CHANGEABLE = ("epochs", "missing", "broken")
MODEL_OPTIONS = ("init_weights", "teacher")
WITHOUT_FOLDER = (*GIVEN_NAMES.values(), "synthetic")  # whose `root` is no path
PRESETS = {name for presets in PRESETS_OF.values() for name in presets}
MAX_LISTED, MAX_LENGTH = 6, 40  # differences, and characters of a value


def change_config(
    stored: TrainConfig,
    dataset=None,
    recipe=None,
    root=None,
    task=None,
    restart: bool = False,
    **options,
) -> TrainConfig:
    """Applies options to the configuration of a run; others stay as they are.

    Args:
        stored: Configuration of the run.
        dataset, recipe, root, task, options: See `create_config`. Of a recipe's name,
            what has an option of its own stays as well.
        restart: If the run begins anew: other `init_weights` bring their network.

    Raises:
        ValueError: If an option is unknown, or its value is not possible.
    """
    if task not in (None, stored.task):
        raise ValueError(
            f"`task` must be that of the run, {stored.task!r}. Received: task={task!r}"
        )
    options = given_options(options)
    specs = stored.datasets if dataset is None else parse_datasets(dataset)
    if [spec.name for spec in specs] == [spec.name for spec in stored.datasets]:
        specs = [_filled(*pair) for pair in zip(specs, stored.datasets)]
    if "teacher" in options and stored.teacher is None:
        weight = recipes.RECIPES[recipes.DISTILL_RECIPE].distill_weight
        options = {"distill_weight": weight, **options}
    init_weights = options.get("init_weights", stored.init_weights)
    kept = {name: getattr(stored, name) for name in RUN_OPTIONS}
    del kept["init_weights"]  # whose network the stored recipe has
    if not restart:
        options.pop("init_weights", None)
    chosen = create_config(
        specs, _chosen_recipe(stored.recipe, recipe), root, **{**kept, **options}
    )
    return replace(chosen, init_weights=init_weights and str(init_weights))


def _filled(spec, stored):
    """Returns a dataset with the stored options in place of those not given."""
    defaults = spec._field_defaults
    kept = {k: v for k, v in stored._asdict().items() if k != "name"}
    given = {k: v for k, v in spec._asdict().items() if v != defaults.get(k)}
    return spec._replace(**{**kept, **given})


def _chosen_recipe(stored, recipe):
    if recipe is None:
        return stored
    if isinstance(recipe, Recipe):
        return replace(recipe, network={**stored.network, **recipe.network})
    named = recipes.get_recipe(recipe)
    kept = {name: getattr(stored, name) for name in RECIPE_OPTIONS}
    if bool(kept["distill_weight"]) != bool(named.distill_weight):
        del kept["distill_weight"]  # one of the two is without a teacher
    return replace(named, network={**named.network, **stored.network}, **kept)


def with_absolute_paths(config: TrainConfig) -> TrainConfig:
    """Returns a configuration that means the same files in every working folder."""
    datasets = [
        spec._replace(
            root=spec.root if spec.name in WITHOUT_FOLDER else _absolute(spec.root),
            images=_absolute(spec.images),
        )
        for spec in config.datasets
    ]
    models = {name: _absolute(getattr(config, name)) for name in MODEL_OPTIONS}
    return replace(config, datasets=tuple(datasets), **models)


def _absolute(path):
    """Makes the path of something that exists absolute; a preset's name stays."""
    if path is None or str(path) in PRESETS:
        return path
    path = os.path.expanduser(path)
    return os.path.abspath(path) if os.path.exists(path) else path


def moved_datasets(old: TrainConfig, new: TrainConfig) -> list[tuple[str, str]]:
    """Lists old and new folder of each dataset that is in another place now."""
    return [
        (str(a.root), str(b.root))
        for a, b in zip(old.datasets, new.datasets)
        if a.name not in WITHOUT_FOLDER and not _same_path(a.root, b.root)
    ]


def _same_path(a, b):
    return a == b or None not in (a, b) and os.path.realpath(a) == os.path.realpath(b)


def require_compatible(
    old: TrainConfig, new: TrainConfig, folder: Path, begun_epochs: int
):
    """Checks that a run can go on with another configuration.

    Args:
        old: Configuration of the run.
        new: Configuration to go on with.
        folder: Of the run.
        begun_epochs: Epochs that the run has begun.

    Raises:
        ValueError: If something differs that cannot change; lists it. Or if there are
            fewer epochs than were begun.
    """
    if different := config_differences(old, new):
        shown = different[:MAX_LISTED]
        if hidden := len(different) - len(shown):
            shown.append(f"and {hidden} more")
        raise ValueError(
            "`output` must be a new folder, or that of a run with the same options; "
            f"in {folder} these differ: {'; '.join(shown)}. `restart=True` begins "
            "anew, another `output` begins another run"
        )
    if new.recipe.epochs < begun_epochs:
        raise ValueError(
            f"`epochs` must be at least {begun_epochs}, the number that the run in "
            f"{folder} has begun. Received: epochs={new.recipe.epochs}"
        )


def describe_changes(
    old: TrainConfig, new: TrainConfig, folder: Path, epochs: int
) -> list[str]:
    """Describes what differs between two configurations of a run that goes on.

    Args:
        old, new, folder: See `require_compatible`.
        epochs: Epochs that the run has finished.
    """
    lines = [
        f"`{name}` was {getattr(old, name)!r} and is now {getattr(new, name)!r}."
        for name in ("missing", "broken", *MODEL_OPTIONS)
        if getattr(old, name) != getattr(new, name)
    ]
    before, after = old.recipe.epochs, new.recipe.epochs
    if before != after:
        done = f"{folder} was trained for {plural(epochs, 'epoch', 'epochs')}"
        if epochs < before:
            begun = plural(before, "epoch", "epochs")
            done = f"{folder} was begun for {begun} and has finished {epochs}"
        lines.append(
            f"{done}; it goes on to {after}: {_describe_schedule(new, epochs)}"
        )
    return lines


def _describe_schedule(config, epochs):
    recipe = config.recipe
    if not recipe.decay_epochs:
        return (
            "the learning rate follows the schedule of "
            f"{plural(recipe.epochs, 'epoch', 'epochs')} from epoch {epochs} on."
        )
    listed = ", ".join(map(str, recipe.decay_epochs))
    return (
        f"the recipe lowers the learning rate at epochs {listed}, however many there "
        "are in all."
    )


def config_differences(old: TrainConfig, new: TrainConfig) -> list[str]:
    """Lists the options that differ and cannot change, as `NAME: old, now new`."""
    a, b = _flat_options(old), _flat_options(new)
    differences = []
    for name in {**a, **b}:
        values = a.get(name), b.get(name)
        if values[0] != values[1] and not _is_changeable(name, *values):
            texts = [*map(_shorten, values)]
            if texts[0] == texts[1]:  # too long to be shown whole
                texts[1] = f"another of {texts[1]}"
            differences.append(f"{name}: {texts[0]}, now {texts[1]}")
    return differences


def _is_changeable(name, old, new):
    if name not in MODEL_OPTIONS:
        return name in CHANGEABLE
    if None in (old, new) or old in PRESETS or new in PRESETS:
        return False
    old, new = (
        os.path.join(path, BEST_FILE) if os.path.isdir(path) else path
        for path in (old, new)
    )
    return _same_path(old, new) or not os.path.exists(old)  # it has moved


def _flat_options(config):
    """Name -> value of each option; those of nested ones by themselves."""
    flat = asdict(config)
    recipe, datasets = flat.pop("recipe"), flat.pop("datasets")
    network = {**DEFAULTS_OF[config.task], **recipe.pop("network")}
    for name in ("image_size", "filters"):
        network[name] = simplify(network[name])
    flat["dataset"] = [_identify(spec) for spec in config.datasets]
    for number, spec in enumerate(config.datasets, 1):
        prefix = f"dataset {number} " if len(datasets) > 1 else ""
        for name in ("share", "category", "rescale", "val_share", "min_joints"):
            flat[prefix + name] = getattr(spec, name)
    augmentation = recipe.pop("augmentation")
    flat |= {**recipe, **network}
    flat |= {f"augmentation {name}": value for name, value in augmentation.items()}
    return {name: _to_lists(value) for name, value in flat.items()}


def _identify(spec):
    return f"{spec.name}:{spec.root}" if spec.name in WITHOUT_FOLDER else spec.name


def _to_lists(value):
    """Returns a value as JSON would hold it."""
    if isinstance(value, dict):
        return {key: _to_lists(each) for key, each in value.items()}
    return [*map(_to_lists, value)] if isinstance(value, (list, tuple)) else value


def _shorten(value):
    if value is None or value == []:
        return "none"
    if isinstance(value, dict):  # a skeleton
        return f"{len(value.get('joints', ()))} joints"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MAX_LENGTH else f"...{text[-MAX_LENGTH:]}"
