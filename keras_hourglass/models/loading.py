"""Loading of trained networks, from a file, a run, or a preset.

Keras is imported when there is a network to load: a wrong path is reported at once.
"""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from keras_hourglass.models.config import BEST_FILE, CONFIG_FILE, LAST_FILE
from keras_hourglass.models.presets import (
    PRESETS_OF,
    facts,
    hub,
    places,
    with_weights,
)
from keras_hourglass.utils import first_line, suggest
from keras_hourglass.utils.files import suffix_of

if TYPE_CHECKING:
    from keras_hourglass.models.hourglass_model import HourglassModel

DEFAULT_TASK = "pose"
CLASS_NAMES = {"pose": "StackedHourglass", "detect": "PersonDetector"}  # of tasks
SAVED_MODEL = "a SavedModel, which TensorFlow reads"
OTHER_KINDS = {  # ending -> what it is
    ".weights.h5": "a file of weights without their network, for `load_weights`",
    ".h5": "a file of weights, or a network in a format before Keras 3",
    ".hdf5": "a file of weights, or a network in a format before Keras 3",
    **dict.fromkeys((".pth", ".pth.tar", ".pt"), "PyTorch's; `convert` reads it"),
    **dict.fromkeys(
        (".tflite", ".onnx", ".xml"),
        "an exported network, for `PoseEstimator`, `load_detector` and `evaluate`",
    ),
    ".pb": f"part of {SAVED_MODEL}",
}


def load_model(model) -> "HourglassModel":
    """Loads a trained network: a `StackedHourglass` or a `PersonDetector`.

    Args:
        model: Path of a `.keras` file; folder of a training run, or its `run.json`, for
            its best network; name of a preset with weights, its folder, or its address
            on the Hugging Face Hub, "hf://USER/NAME"; or a network, which is returned.

    Returns:
        The network, not compiled.

    Raises:
        FileNotFoundError: If there is no such file, or the folder holds no run.
        OSError: If the hub cannot be reached.
        ValueError: If the file holds something else, or the preset has no weights.

    Example:

    ```python
    import keras_hourglass as kh

    model = kh.load_model("photo")
    model.save("copy.keras")
    copy = kh.load_model("copy.keras")
    ```
    """
    return load_argument(model, "model", *CLASS_NAMES)


def load_argument(model, argument: str, *tasks: str) -> "HourglassModel":
    """Loads a trained network, as `load_model`, for an argument of another name.

    Args:
        model: See `load_model`.
        argument: Its name, for messages.
        tasks: Keys of `CLASS_NAMES` that the network may be for; "pose" by default.
    """
    tasks = tasks or (DEFAULT_TASK,)
    network = _load(model, argument, tasks)
    if network.task not in tasks:
        kinds = " or a ".join(CLASS_NAMES[task] for task in tasks)
        raise ValueError(
            f"`{argument}` must be a {kinds}. Received: {argument}="
            f"{str(model)!r:.80}, a {type(network).__name__}"
        )
    return network


def _load(model, argument, tasks) -> "HourglassModel":
    if not isinstance(model, str | os.PathLike):
        from keras_hourglass.models.hourglass_model import HourglassModel

        if isinstance(model, HourglassModel):
            return model
        kinds = " or a ".join(CLASS_NAMES[task] for task in tasks)
        raise ValueError(
            f"`{argument}` must be a {kinds}, or a path or a preset of one. "
            f"Received: {argument}={model!r} (a {type(model).__name__})"
        )
    received = f"Received: {argument}={str(model)!r}"
    if hub.is_address(model):
        hub.parse_address(model, argument)
        return _network_class(tasks).from_preset(str(model))
    for task, presets in PRESETS_OF.items():
        if str(model) not in presets:
            continue
        if presets[str(model)].weights:
            return _network_class([task]).from_preset(str(model))
        raise ValueError(
            f"`{argument}` must be a preset with weights, which {str(model)!r} is not: "
            f"train it first. {suggest(model, with_weights(task))} {received}"
        )
    if places.is_preset_folder(model):
        return _network_class(tasks).from_preset(str(model))
    return _load_file(find_network(model, argument))


def _network_class(tasks):
    """Returns the class of the networks for a task; the common one for several."""
    if len(tasks) > 1:
        from keras_hourglass.models.hourglass_model import HourglassModel as cls
    elif tasks[0] == "detect":
        from keras_hourglass.models.person_detector import PersonDetector as cls
    else:
        from keras_hourglass.models.stacked_hourglass import StackedHourglass as cls
    return cls


def model_name(model) -> str:
    """Returns what a model is called in tables: its path, its preset, or its `name`."""
    if not isinstance(model, str | os.PathLike):
        return model.name
    if hub.is_address(model):
        return str(model)
    path = Path(model)
    path = path.parent if path.name == CONFIG_FILE else path
    return str(path if path.name else path.resolve())  # of "." or ".."


def find_network(model, argument: str = "model") -> Path:
    """Finds the `.keras` file that a path stands for.

    Args:
        model: Path of the file, of the folder of a training run, or of its `run.json`.
        argument: Its name in messages.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is of another kind.
    """
    path = Path(model).expanduser()
    if path.name == CONFIG_FILE and path.is_file():
        path = path.parent
    if path.is_dir():
        if not (path / BEST_FILE).is_file():
            raise FileNotFoundError(
                f"`{argument}` must be a .keras file, or the folder of a training run "
                f"or of a preset. {_describe_folder(path)}. "
                f"Received: {argument}={str(model)!r}"
            )
        return path / BEST_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"`{argument}` must be a .keras file, the folder of a training run or of a "
            f"preset, or the name of a preset with weights. "
            f"{suggest(model, sum(map(with_weights, PRESETS_OF), ()))} "
            f"Received: {argument}={str(model)!r}"
        )
    for ending, kind in OTHER_KINDS.items():
        if path.name.lower().endswith(ending):
            raise ValueError(
                f"`{argument}` must be a .keras file or the folder of a training run; "
                f"{ending} is {kind}. Received: {argument}={str(model)!r}"
            )
    return path


def _describe_folder(folder):
    """Says what a folder without a best network is, for an error message."""
    if (folder / LAST_FILE).is_file():
        return (
            f"This run has no {BEST_FILE} yet, which its first validation writes; "
            f"{folder / LAST_FILE} has the weights of the last checkpoint"
        )
    if (folder / CONFIG_FILE).is_file():
        return "This run has no checkpoint yet"
    if any((each / "saved_model.pb").is_file() for each in (folder, *folder.glob("*"))):
        return f"This folder is {SAVED_MODEL}"
    found = sorted(folder.glob(f"*/{BEST_FILE}"), key=lambda path: path.stat().st_mtime)
    if found:
        runs = "a run," if len(found) == 1 else f"{len(found)} runs, the newest"
        return f"This folder holds {runs} in {found[-1].parent}"
    found = sorted(folder.glob("*.keras"))
    return f"This folder has {found[0]}" if found else "This folder holds none of them"


def _load_file(path) -> "HourglassModel":
    if os.path.isfile(path) and not is_zipfile(path):
        raise ValueError(
            f"{path} must be a readable Keras model (.keras). Received: a file of "
            "another format, or a damaged one"
        )
    import keras

    import keras_hourglass.models.fusion.network  # noqa: F401  (registers its classes)
    from keras_hourglass.models.hourglass_model import HourglassModel

    try:
        with _in_lowercase(Path(path)) as named:
            loaded = keras.models.load_model(named, compile=False)
    except Exception as error:  # files of other kinds raise anything
        raise ValueError(
            f"{path} must be a readable Keras model. "
            f"Received: {first_line(error, quoted=True)}"
        ) from error
    if not isinstance(loaded, HourglassModel):
        raise ValueError(
            f"{path} must hold a StackedHourglass or a PersonDetector. "
            f"Received: a {type(loaded).__name__}"
        )
    loaded.facts = facts.find_run_facts(Path(path))
    return loaded


@contextmanager
def _in_lowercase(path):
    """Yields a path that ends in `.keras`: Keras does not read `.KERAS`."""
    if path.suffix == suffix_of(path):
        yield path
        return
    with TemporaryDirectory() as folder:
        yield shutil.copy(path, Path(folder, path.stem + suffix_of(path)))


def for_inference(model: "HourglassModel") -> "HourglassModel":
    """Returns the inference form of a network, or the network if it has none."""
    from keras_hourglass.models.fusion.network import can_be_fused, fuse

    return fuse(model) if can_be_fused(model) else model
