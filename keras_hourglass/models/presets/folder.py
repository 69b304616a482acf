"""Preset folders: a network in the file layout of KerasHub.

`config.json` has the network's class and arguments, `model.weights.h5` its weights,
which load on every backend, `metadata.json` versions and the facts of its training,
`README.md` the model card. Nothing in them is code: arguments are read as JSON, weights
as numbers, and classes are looked up among those that are registered with Keras.
"""

import json
import logging
import math
from dataclasses import asdict, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import h5py
import keras

from keras_hourglass import skeletons
from keras_hourglass.models.config import (
    BEST_FILE,
    BLOCK_NAMES,
    MODEL_CARD,
    PRESET_CONFIG,
    PRESET_METADATA,
    PRESET_WEIGHTS,
    simplify,
)
from keras_hourglass.models.presets.card import create_card
from keras_hourglass.models.presets.facts import TrainingFacts
from keras_hourglass.utils import first_line, suggest
from keras_hourglass.utils.files import publish_files, require_writable

logger = logging.getLogger(__name__)

CONFIG_KEYS = ("module", "class_name", "config", "registered_name")
# Arguments that weights do not depend on.
FREE_ARGUMENTS = {"image_size", "offset", "calibration", "trainable"}


def save_folder(model, directory, facts: TrainingFacts | None, license=None):
    """Writes a network as a preset folder. A model card that is there stays.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        directory: A new or empty folder, or that of an earlier preset.
        facts: Those of its training, if they are known.
        license: In place of that of the facts.

    Raises:
        OSError: If it cannot be written.
        ValueError: If the folder holds other files, or a class is not registered.
    """
    folder = Path(directory).expanduser()
    _require_registered(model)
    require_writable(folder, folder=True)
    if (
        folder.is_dir()
        and not (folder / PRESET_CONFIG).is_file()
        and _has_files(folder)
    ):
        raise ValueError(
            "`directory` must be a new folder, or that of an earlier preset. "
            f"Received: directory={str(directory)!r}, which holds other files"
        )
    if license is not None:
        facts = replace(facts or TrainingFacts(), license=license)
    library = version("keras-hourglass")
    config = keras.saving.serialize_keras_object(model)
    metadata = {
        "keras_version": keras.version(),
        "keras_hourglass_version": library,
        "parameter_count": model.count_params(),
        "date_saved": datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "training": facts and asdict(facts),
    }

    def write(draft):
        _write_json(draft, {key: config[key] for key in CONFIG_KEYS})
        _without_optimizer(model).save_weights(draft.with_name(PRESET_WEIGHTS))
        _write_json(draft.with_name(PRESET_METADATA), metadata)
        if (folder / MODEL_CARD).is_file():
            logger.info("%s stays: delete it for a new one", folder / MODEL_CARD)
        else:
            name = folder.resolve().name
            card = create_card(model, name, facts, library)
            draft.with_name(MODEL_CARD).write_text(card, encoding="utf-8")

    publish_files(folder / PRESET_CONFIG, write)


def _require_registered(model):
    """Checks that the class of a model is found again when it is loaded."""
    name = keras.saving.get_registered_name(type(model))
    if keras.saving.get_registered_object(name) is not type(model):
        raise ValueError(
            "`model` must be of a class that is registered with Keras: decorate it "
            "with `@keras.saving.register_keras_serializable()`. "
            f"Received: a {type(model).__name__}"
        )


def _has_files(folder):
    """Returns whether a folder has files, but for hidden ones, of Git say."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _without_optimizer(model):
    """Returns a model whose weights have no optimizer and metrics beside them."""
    return model.copy() if model.compiled else model


def _write_json(path, content):
    path.write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")


def load_folder(cls, folder: Path, load_weights: bool = True, **changes):
    """Creates the network of a preset folder.

    Args:
        cls: The class that it must be of: `StackedHourglass`, `PersonDetector`, a
            subclass, or the base of both.
        folder: The folder.
        load_weights: Whether to load its weights.
        changes: Arguments that replace its own; see `HourglassModel.from_preset`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is damaged, or of another network; or if the weights do
            not fit the changes.
    """
    for name in (PRESET_CONFIG, PRESET_WEIGHTS)[: 1 + load_weights]:
        if not (folder / name).is_file():
            hint = " It is a run: `load_model` loads those."
            hint = hint if (folder / BEST_FILE).is_file() else ""
            raise FileNotFoundError(
                f"{folder} must be the folder of a preset, and has no {name}.{hint}"
            )
    config = _read_config(folder / PRESET_CONFIG, cls)
    if not load_weights:
        config["config"].pop("frozen", None)  # is of the weights
    if changes:
        network = config["config"]
        if "stacks" in network:  # not fused; of versions before, some are missing
            network = {**cls.defaults, **network}
        config["config"] = _changed(network, changes, folder, load_weights)
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # wrong arguments raise anything
        raise ValueError(
            f"{folder / PRESET_CONFIG} must be the configuration of a network. "
            f"Received: {first_line(error, quoted=True)}"
        ) from error
    calibration = getattr(model, "calibration", None)  # is that of the weights
    if load_weights:
        _load_weights(model, folder / PRESET_WEIGHTS)
        model.facts = _read_facts(folder / PRESET_METADATA)
    elif "calibration" not in changes:
        calibration = None
    if model.task == "pose":
        model.calibration = calibration
    return model


def _read_config(path, cls) -> dict:
    """Reads a configuration, whose class and block must be registered."""
    import keras_hourglass.models.fusion.network  # noqa: F401, registers its class

    content = _read_json(path)
    name = content.get("registered_name")
    config = content.get("config")
    network = config.get("network", config) if isinstance(config, dict) else None
    if not isinstance(network, dict) or not isinstance(name, str):
        raise ValueError(
            f"{path} must be the configuration of a network in Keras's format. "
            f"Received: other keys ({', '.join(map(repr, [*content][:3])) or 'none'})"
        )
    found = _find_class(path, name, cls)
    block = network.get("block")
    if isinstance(block, str) and block not in BLOCK_NAMES:
        _find_class(path, block)
    # Not those of the file, by which Keras chooses what else it makes.
    own = {"module": found.__module__, "class_name": found.__name__}
    return {**own, "config": config, "registered_name": name}


def _find_class(path, name, cls=object):
    """Finds a registered class, of the kind that is needed."""
    found = keras.saving.get_registered_object(name)
    if not isinstance(found, type):
        raise ValueError(
            f"{path} needs the class {name!r}, which is not registered with Keras: "
            "import the module that defines it first"
        )
    if not issubclass(found, cls):
        kind = cls.__name__
        if not hasattr(cls, "task"):  # the base of both
            kind = "StackedHourglass or a PersonDetector"
        raise ValueError(
            f"{path} must be the configuration of a {kind}. Received: {name!r}"
        )
    return found


def _changed(network, changes, folder, load_weights) -> dict:
    """Returns the arguments of a network with others in place of some."""
    if "graph" in network:
        raise ValueError(
            f"The network of {folder} is fused: none of its arguments may change. "
            f"Received: {', '.join(changes)}"
        )
    for name, value in changes.items():
        if name not in network:
            raise TypeError(
                f"The network of {folder} has no argument {name!r}. "
                f"{suggest(name, network)} Received: {name}={value!r}"
            )
        require_free(name, value, network[name], folder, load_weights)
    return {**network, **changes}


def require_free(name, value, own, preset, load_weights: bool):
    """Checks that an argument may differ from a preset's own.

    Raises:
        ValueError: If the weights, which are loaded, depend on it.
    """
    convert = skeletons.get if name == "skeleton" else simplify
    differs = convert(value) != convert(own)
    if load_weights and name not in FREE_ARGUMENTS and differs:
        raise ValueError(
            f"`load_weights` must be False where `{name}` changes: the weights of "
            f"{str(preset)!r} are those of {name}={own!r}. Received: {name}={value!r}"
        )


def _load_weights(model, path):
    try:
        count = _count_values(path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} must be a file of weights. Received: a damaged one, or one of "
            f"another format ({first_line(error, quoted=True)})"
        ) from error
    needed = model.count_params()
    states = sum(math.prod(variable.shape) for variable in model.variables) - needed
    if not needed <= count <= needed + states:  # Keras ignores what is left over
        raise ValueError(
            f"{path} must hold the {needed:,} weights of the network that "
            f"{PRESET_CONFIG} describes. Received: {count:,}"
        )
    try:
        model.load_weights(path)
    except Exception as error:  # damaged and foreign files raise anything
        raise ValueError(
            f"{path} must hold the weights of the network that {PRESET_CONFIG} "
            "describes. Received: a damaged file, or weights of other shapes"
        ) from error


def _count_values(path) -> int:
    """Counts the numbers in a file of weights, which lie in it and in no other.

    Raises:
        OSError: If it is damaged.
        ValueError: If it takes numbers from another file, which need not be weights.
    """
    counts = []

    def count(_name, item):
        if isinstance(item, h5py.Dataset):
            counts.append(item.size)
            return item.external or item.is_virtual or None
        return None

    def find_link(_name, link):
        return isinstance(link, h5py.ExternalLink) or None

    with h5py.File(path) as file:
        # Both stop at the first value that is not None.
        if file.visititems_links(find_link) or file.visititems(count):
            raise ValueError("it refers to other files")
    return sum(counts)


def _read_facts(path) -> TrainingFacts | None:
    """Reads the facts of training, if the file, which is not needed, has them."""
    try:
        return TrainingFacts.from_dict(_read_json(path)["training"])
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def _read_json(path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} must be JSON. Received: a damaged file "
            f"({first_line(error, quoted=True)})"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold an object. Received: {content!r:.50}")
    return content
